import { randomUUID } from 'node:crypto'
import { assembleToolCalls, malformedAnswer, type ModelPart, type Usage } from '@belay/core/ports'
import { finishReason } from '../answer/finish-reason.ts'
import { usageOf } from '../answer/usage.ts'
import { incompleteError } from '../errors/answer-error.ts'
import { record } from '../errors/error-facts.ts'
import { chatToolCalls } from './chat-tool-calls.ts'

/** Folds the chunks of a chat completion into the port's parts. */
export interface ChatAnswer {
  /** Parts that a chunk adds. Throws `model/malformed`. */
  take(chunk: Readonly<Record<string, unknown>>): readonly ModelPart[]
  /** The tool calls and the finish. Throws `model/incomplete` when the model never said why it stopped. */
  finish(): readonly ModelPart[]
}

/** Starts with an empty answer. */
export function chatAnswer(): ChatAnswer {
  const tools = assembleToolCalls(() => `call_${randomUUID()}`)
  let reason: string | undefined
  let refused = false
  let usage: Usage = {}
  let id: string | undefined
  let model: string | undefined

  /** The text of a field of a delta; null and absence are the same. */
  const textOf = (delta: Readonly<Record<string, unknown>>, ...names: string[]): string => {
    const value = names.map((name) => delta[name]).find((field) => field != null) ?? ''
    if (typeof value !== 'string') throw malformedAnswer(`${names[0]} is not text`)
    return value
  }

  return {
    take(chunk) {
      id ??= nonEmpty(chunk['id'])
      model ??= nonEmpty(chunk['model'])
      if (chunk['usage'] != null) usage = usageOf(chunk['usage'])
      const choice = choiceOf(chunk)
      if (!choice) return []
      const { finish_reason: finish = null } = choice
      if (finish !== null && typeof finish !== 'string') throw malformedAnswer('finish_reason is not text')
      if (finish) reason = finish
      // A server that does not stream sends the whole message in place of a delta.
      const delta = record(choice['delta'] ?? choice['message'] ?? {})
      if (!delta) throw malformedAnswer('a delta is not an object')
      const reasoning = textOf(delta, 'reasoning_content', 'reasoning')
      const text = textOf(delta, 'content')
      const refusal = textOf(delta, 'refusal')
      refused ||= refusal !== ''
      if (delta['tool_calls'] != null)
        for (const piece of chatToolCalls(delta['tool_calls'])) tools.push(piece)
      const parts: ModelPart[] = []
      if (reasoning) parts.push({ type: 'reasoning-delta', text: reasoning })
      if (text) parts.push({ type: 'text-delta', text })
      if (refusal) parts.push({ type: 'text-delta', text: refusal })
      return parts
    },
    finish() {
      if (reason === undefined) throw incompleteError('the stream ended without a finish')
      const calls = tools.calls()
      const response = { ...(id && { id }), ...(model && { model }) }
      return [
        ...calls,
        {
          type: 'finish',
          reason: finishReason(reason, { refused, toolCalls: calls.length }),
          rawReason: reason,
          usage,
          ...((id || model) && { response }),
        },
      ]
    },
  }
}

/** The first choice, if the chunk has one: usage and filter results come in chunks without. */
function choiceOf(chunk: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const choices = chunk['choices']
  if (choices == null && chunk['usage'] != null) return undefined
  if (!Array.isArray(choices)) throw malformedAnswer('a chunk has no choices')
  if (choices.length === 0) return undefined
  const choice = record(choices[0])
  if (!choice) throw malformedAnswer('a choice is not an object')
  return choice
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
