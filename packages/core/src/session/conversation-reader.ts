import { readAll } from '../feed/read.ts'
import { sessionStream } from '../feed/streams.ts'
import type { StoredValue } from '../history/event.ts'
import { decodeValue } from '../history/stored-value.ts'
import type { Message } from '../ports/index.ts'
import type { Engine } from '../run/engine.ts'

/** Messages that joined a conversation together. */
interface Block {
  /** The run that they come from; absent where an application wrote them. */
  readonly runId?: string
  readonly messages: readonly Message[]
}

/** A conversation as its stream says up to a position. */
export interface Conversation {
  readonly position: number
  readonly blocks: readonly Block[]
}

const nothing: Conversation = { position: 0, blocks: [] }

/** Folds the stream of a session up to a position, going on from what was read before. */
export async function readConversation(
  engine: Engine,
  sessionId: string,
  range: { readonly from?: Conversation; readonly upTo?: number } = {},
): Promise<Conversation> {
  const { from = nothing, upTo } = range
  let blocks = [...from.blocks]
  let { position } = from
  for (const entry of await readAll(engine.journal, sessionStream(sessionId), position, upTo)) {
    position = entry.position
    if (entry.type === 'session.cleared') blocks = []
    if (entry.type !== 'session.messages' && entry.type !== 'session.replaced') continue
    const data = entry.data as StoredValue & { readonly runId?: string }
    const messages = (await decodeValue(data, engine.blobs)) as Message[]
    if (entry.type === 'session.replaced') blocks = [{ messages }]
    else
      blocks = [
        ...withoutRun(blocks, data.runId),
        { messages, ...(data.runId !== undefined && { runId: data.runId }) },
      ]
  }
  return { position, blocks }
}

/** The messages of a conversation in order. */
export function messagesOf({ blocks }: Conversation): Message[] {
  return blocks.flatMap((block) => block.messages)
}

/** A run that failed and was resumed writes its whole turn again, in the place of the part that it had. */
function withoutRun(blocks: readonly Block[], runId: string | undefined): readonly Block[] {
  if (runId === undefined || !blocks.some((block) => block.runId === runId)) return blocks
  return blocks.filter((block) => block.runId !== runId)
}
