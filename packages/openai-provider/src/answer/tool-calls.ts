import { randomUUID } from 'node:crypto'
import type { ToolCallPart } from '@belay/core/ports'
import { malformedError } from '../errors/answer-error.ts'
import { record } from '../errors/error-facts.ts'

/** Puts tool calls together from the deltas of a chat completion. */
export interface ToolCallAssembly {
  /** Takes the `tool_calls` of one delta. Throws `model/malformed`. */
  push(deltas: unknown): void
  /** The complete calls in the order in which they began. Throws `model/malformed`. */
  calls(): readonly ToolCallPart[]
}

interface OpenCall {
  readonly index: number | undefined
  id: string | undefined
  name: string | undefined
  readonly pieces: string[]
}

/**
 * OpenAI gives each call an `index`, and its id and name once. Compatible servers leave out the index or the id,
 * repeat id and name on every delta, give all parallel calls the index 0, or send whole calls in one chunk, with
 * the arguments as an object. Ids stay as they came, twins too; only a call without one is given one.
 */
export function assembleToolCalls(): ToolCallAssembly {
  const open: OpenCall[] = []

  return {
    push(deltas) {
      if (!Array.isArray(deltas)) throw malformedError('tool_calls is not a list')
      for (const value of deltas) {
        const delta = readDelta(value)
        const call = open.findLast((candidate) => continues(candidate, delta, open))
        if (call) {
          call.id ??= delta.id
          call.name ??= delta.name
          call.pieces.push(delta.arguments)
        } else {
          open.push({ index: delta.index, id: delta.id, name: delta.name, pieces: [delta.arguments] })
        }
      }
    },
    calls: () =>
      open.map(({ id, name, pieces }) => {
        if (name === undefined) throw malformedError('a tool call has no name')
        return { type: 'tool-call', callId: id ?? `call_${randomUUID()}`, name, arguments: pieces.join('') }
      }),
  }
}

interface Delta {
  readonly index: number | undefined
  readonly id: string | undefined
  readonly name: string | undefined
  readonly arguments: string
}

function readDelta(value: unknown): Delta {
  const delta = record(value)
  const fn = record(delta?.['function'])
  if (!delta || (delta['function'] != null && !fn)) throw malformedError('a tool call is not an object')
  const args = fn?.['arguments'] ?? ''
  if (typeof args !== 'string' && !record(args))
    throw malformedError('the arguments of a tool call are not text')
  return {
    index: Number.isInteger(delta['index']) ? (delta['index'] as number) : undefined,
    id: text(delta['id']),
    name: text(fn?.['name']),
    arguments: typeof args === 'string' ? args : JSON.stringify(args),
  }
}

/** Whether a delta goes on with a call that is open. */
function continues(call: OpenCall, delta: Delta, open: readonly OpenCall[]): boolean {
  if (delta.index !== undefined && call.index !== undefined && delta.index !== call.index) return false
  const sameIndex = delta.index !== undefined && delta.index === call.index
  const sameId = delta.id !== undefined && delta.id === call.id
  if (delta.id !== undefined && call.id !== undefined && !sameId) return false
  if (delta.name !== undefined && call.name !== undefined && startsAnew(call, delta)) return false
  return sameIndex || sameId || (delta.id === undefined && delta.name === undefined && call === open.at(-1))
}

/** A named delta begins another call when it names another tool, or when the arguments so far are whole. */
function startsAnew(call: OpenCall, delta: Delta): boolean {
  if (delta.name !== call.name) return true
  if (delta.arguments === '') return false
  return isJson(call.pieces.join(''))
}

function isJson(source: string): boolean {
  try {
    JSON.parse(source)
    return true
  } catch {
    return false
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}
