import { malformedAnswer, type ToolCallDelta } from '@belay/core/ports'
import { record } from '../errors/error-facts.ts'

/** Reads the `tool_calls` of one delta of a chat completion. Throws `model/malformed`. */
export function chatToolCalls(deltas: unknown): readonly ToolCallDelta[] {
  if (!Array.isArray(deltas)) throw malformedAnswer('tool_calls is not a list')
  return deltas.map((value) => {
    const delta = record(value)
    const fn = record(delta?.['function'])
    if (!delta || (delta['function'] != null && !fn)) throw malformedAnswer('a tool call is not an object')
    const args = fn?.['arguments'] ?? ''
    if (typeof args !== 'string' && !record(args))
      throw malformedAnswer('the arguments of a tool call are not text')
    return {
      index: Number.isInteger(delta['index']) ? (delta['index'] as number) : undefined,
      id: text(delta['id']),
      name: text(fn?.['name']),
      arguments: typeof args === 'string' ? args : JSON.stringify(args),
    }
  })
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}
