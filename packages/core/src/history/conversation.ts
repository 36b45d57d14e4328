import type { FinishReason, Json, Message, ToolCallPart, ToolResultPart, Usage } from '../ports/index.ts'
import type { StoredValue } from './event.ts'
import type { ResultEntry } from './fold.ts'

/** The value of an agent's `model.finished`: one turn of its conversation. */
export interface TurnRecord {
  /** Messages that this turn added before the model answered: the user's, or a request to repair the answer. */
  readonly prompt: readonly Message[]
  readonly answer: Extract<Message, { role: 'assistant' }>
  readonly finishReason: FinishReason
  readonly rawReason?: string
  readonly usage: Usage
}

/** Reads a stored value, whether it is inline or a blob. */
type Decode = (stored: StoredValue) => unknown

/**
 * The messages that a run adds to its session: those of the root agent, or one block for each child that
 * succeeded and shares the session's history, in the order in which they finished.
 */
export async function conversationOf(results: readonly ResultEntry[], decode: Decode): Promise<Message[]> {
  const messages = await messagesOfScope(results, '', decode)
  for (const { type, data } of results) {
    if (type !== 'agent.finished' || data.status !== 'ok' || data.label?.history !== 'session') continue
    messages.push(...(await messagesOfScope(results, data.key, decode)))
  }
  return messages
}

/** The conversation of one agent's scope: always valid, every call followed by exactly one result. */
async function messagesOfScope(
  results: readonly ResultEntry[],
  scope: string,
  decode: Decode,
): Promise<Message[]> {
  const messages: Message[] = []
  let open:
    { readonly calls: readonly ToolCallPart[]; readonly results: Map<string, ToolResultPart> } | undefined
  const closeCalls = (): void => {
    if (open !== undefined) messages.push(toolMessage(open.calls, open.results))
    open = undefined
  }
  for (const { type, data } of results) {
    if (data.scope !== scope || data.label?.agent === undefined) continue
    if (type === 'model.finished' && data.status === 'ok') {
      closeCalls()
      const decoded = decode(data)
      const turn = (decoded instanceof Promise ? await decoded : decoded) as TurnRecord
      messages.push(...turn.prompt)
      if (turn.answer.content.length > 0) messages.push(turn.answer)
      const calls = turn.answer.content.filter((part) => part.type === 'tool-call')
      if (calls.length > 0) open = { calls, results: new Map() }
    }
    if (type === 'step.finished' && data.label.guardrail === 'output')
      await applyOutputGuard(messages, data, decode)
    const { tool, callId } = data.label
    if (type !== 'tool.finished' || open === undefined || tool === undefined || callId === undefined) continue
    const output = data.status === 'ok' ? await decode(data) : undefined
    open.results.set(
      callId,
      toolResult(tool, callId, data.status === 'ok' ? { output } : { error: data.error.message }),
    )
  }
  closeCalls()
  return messages
}

/** One result as a model sees it. A tool that returns nothing has the output null. */
export function toolResult(
  name: string,
  callId: string,
  end: { readonly output: unknown } | { readonly error: string },
): ToolResultPart {
  return 'error' in end
    ? { type: 'tool-result', callId, name, output: end.error, isError: true }
    : { type: 'tool-result', callId, name, output: (end.output ?? null) as Json, isError: false }
}

/** The results of a turn in the order of its calls; a call without a result is closed with an error. */
export function toolMessage(
  calls: readonly ToolCallPart[],
  results: ReadonlyMap<string, ToolResultPart>,
): Message {
  return {
    role: 'tool',
    content: calls.map(
      ({ name, callId }) =>
        results.get(callId) ?? toolResult(name, callId, { error: 'The call was not finished.' }),
    ),
  }
}

/**
 * What an output guardrail decided holds for the history too: an answer that was blocked is not in it, one that was
 * transformed is there as it became.
 */
async function applyOutputGuard(
  messages: Message[],
  data: ResultEntry['data'],
  decode: Decode,
): Promise<void> {
  if (messages.at(-1)?.role !== 'assistant') return
  if (data.status === 'failed') return void messages.pop()
  const record = (await decode(data)) as { readonly changed?: { readonly text: string } }
  if (record.changed === undefined) return
  messages.splice(-1, 1, { role: 'assistant', content: [{ type: 'text', text: record.changed.text }] })
}
