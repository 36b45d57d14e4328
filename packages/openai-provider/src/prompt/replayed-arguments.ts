import type { JsonObject } from '@belay/core/ports'
import { record } from '../errors/error-facts.ts'

/**
 * The arguments of an earlier call as the object that every server expects. Servers with chat templates parse
 * them, and the AI SDK replaces what is not an object by `{}`; so text that the model got wrong goes back inside
 * an object, where the model still sees what it wrote.
 */
export function replayedArguments(text: string): JsonObject {
  if (text.trim() === '') return {}
  try {
    const value = record(JSON.parse(text))
    if (value) return value as JsonObject
  } catch {
    // Falls through: not JSON.
  }
  return { invalid_arguments: text }
}
