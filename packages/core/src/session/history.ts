import { checkOptions } from '../define/check.ts'
import { sessionStream } from '../feed/streams.ts'
import { commit } from '../feed/writer.ts'
import { encodeValue } from '../history/stored-value.ts'
import { windowOf } from '../history/window.ts'
import type { Json, Message } from '../ports/index.ts'
import { busyError, takeSession } from '../run/busy.ts'
import type { Engine } from '../run/engine.ts'
import { occupantOf, positionOf, sessionHead } from '../run/heads.ts'
import { whileOpen } from '../run/open.ts'
import { messagesOf, readConversation } from './conversation-reader.ts'
import { checkMessages } from './messages.ts'

/** The conversation of a session. */
export interface SessionHistory {
  /** All messages, or the window that a model with this `historyWindow` would see. */
  list(options?: { readonly window?: number }): Promise<Message[]>
  /** Forgets the conversation. Refused as `session/busy` while a run executes or waits. */
  clear(): Promise<void>
  /** Puts another conversation in its place, whole or not at all. Refused like `clear`. */
  replace(messages: readonly Message[]): Promise<void>
}

/** The history of one session. */
export function createHistory(
  engine: Engine,
  sessionId: string,
  inTurn: (write: () => Promise<void>) => Promise<void>,
): SessionHistory {
  return {
    list: (options = {}) =>
      whileOpen(engine, async () => {
        checkOptions('session.history.list', { ...options }, { window: 'historyWindow' })
        const messages = messagesOf(await readConversation(engine, sessionId))
        return options.window === undefined ? messages : windowOf(messages, options.window)
      }),
    clear: () =>
      whileOpen(engine, () => inTurn(() => writeWhileIdle(engine, sessionId, 'session.cleared', {}))),
    replace: (messages) =>
      whileOpen(engine, async () => {
        const checked = checkMessages(messages)
        const { stored } = await encodeValue(checked, 'The messages', engine.blobs)
        await inTurn(() => writeWhileIdle(engine, sessionId, 'session.replaced', stored as unknown as Json))
      }),
  }
}

/** The lease of the session is held for the moment of the write, so that no run can begin in between. */
async function writeWhileIdle(engine: Engine, sessionId: string, type: string, data: Json): Promise<void> {
  const owner = await takeSession(engine, sessionId, undefined)
  try {
    const [head] = await engine.journal.heads({ streams: [sessionStream(sessionId)] })
    const occupant = occupantOf(head)
    if (occupant !== undefined) throw busyError(sessionId, occupant, 'suspended_run')
    const now = engine.platform.now()
    await commit(engine, {
      fence: { ...owner.fence, release: true },
      entries: [{ stream: sessionStream(sessionId), entries: [{ type, at: now, data }] }],
      heads: [sessionHead({ sessionId, position: positionOf(head) + 1, updatedAt: now })],
    })
  } catch (error) {
    await owner.release().catch(() => undefined)
    throw error
  }
}
