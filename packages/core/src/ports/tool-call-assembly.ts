import { malformedAnswer } from './malformed-answer.ts'
import type { ToolCallPart } from './message.ts'

/** One piece of a tool call, as far as the provider gave it. */
export interface ToolCallDelta {
  /** The place of the call in the answer, where the protocol has one. */
  readonly index?: number | undefined
  readonly id?: string | undefined
  readonly name?: string | undefined
  /** The next piece of the arguments; empty when this one has none. */
  readonly arguments: string
}

/** Puts tool calls together from deltas. */
export interface ToolCallAssembly {
  push(delta: ToolCallDelta): void
  /** The complete calls in the order in which they began. Throws `model/malformed` for one without a name. */
  calls(): readonly ToolCallPart[]
}

interface OpenCall {
  readonly index: number | undefined
  id: string | undefined
  name: string | undefined
  readonly pieces: string[]
}

/**
 * Well-behaved providers give each call an `index`, and its id and name once. Others leave out the index or the
 * id, repeat id and name on every delta, give all parallel calls the index 0, or send whole calls at once.
 * Ids stay as they came, twins too; only a call without one is given what `newId` makes.
 */
export function assembleToolCalls(newId: () => string): ToolCallAssembly {
  const open: OpenCall[] = []
  return {
    push(delta) {
      const call = open.findLast((candidate) => continues(candidate, delta, open))
      if (call === undefined) {
        open.push({ index: delta.index, id: delta.id, name: delta.name, pieces: [delta.arguments] })
        return
      }
      call.id ??= delta.id
      call.name ??= delta.name
      call.pieces.push(delta.arguments)
    },
    calls: () =>
      open.map(({ id, name, pieces }) => {
        if (name === undefined) throw malformedAnswer('a tool call has no name')
        return { type: 'tool-call', callId: id ?? newId(), name, arguments: pieces.join('') }
      }),
  }
}

/** Whether a delta goes on with a call that is open. */
function continues(call: OpenCall, delta: ToolCallDelta, open: readonly OpenCall[]): boolean {
  if (delta.index !== undefined && call.index !== undefined && delta.index !== call.index) return false
  const sameIndex = delta.index !== undefined && delta.index === call.index
  const sameId = delta.id !== undefined && delta.id === call.id
  if (delta.id !== undefined && call.id !== undefined && !sameId) return false
  if (delta.name !== undefined && call.name !== undefined && startsAnew(call, delta)) return false
  return sameIndex || sameId || (delta.id === undefined && delta.name === undefined && call === open.at(-1))
}

/** A named delta begins another call when it names another tool, or when the arguments so far are whole. */
function startsAnew(call: OpenCall, delta: ToolCallDelta): boolean {
  if (delta.name !== call.name) return true
  return delta.arguments !== '' && isJson(call.pieces.join(''))
}

function isJson(source: string): boolean {
  try {
    JSON.parse(source)
    return true
  } catch {
    return false
  }
}
