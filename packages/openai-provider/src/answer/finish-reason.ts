import type { FinishReason } from '@belay/core/ports'

/** Words of OpenAI, of compatible servers and of the AI SDK, in lower case with `_` for every separator. */
const reasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  stop_sequence: 'stop',
  end_turn: 'stop',
  completed: 'stop',
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_length: 'context_limit',
  context_length_exceeded: 'context_limit',
  model_context_window_exceeded: 'context_limit',
  tool_calls: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  safety: 'content_filter',
  recitation: 'content_filter',
  prohibited_content: 'content_filter',
  refusal: 'refusal',
  pause: 'pause',
  pause_turn: 'pause',
  malformed_function_call: 'malformed',
  abort: 'cancelled',
  cancelled: 'cancelled',
  canceled: 'cancelled',
}

/** What an answer held, as far as it decides why it ended. */
export interface AnswerShape {
  readonly refused: boolean
  readonly toolCalls: number
}

/**
 * The port's word for the provider's. An unknown word is `error`: an end that nobody understands is no answer.
 * A plain stop is a refusal when the provider marked the text as one, and `tool_calls` when there are calls,
 * because several servers say `stop` for both.
 */
export function finishReason(raw: string, shape: AnswerShape): FinishReason {
  const reason = reasons[raw.toLowerCase().replace(/[^a-z]+/g, '_')] ?? 'error'
  if (reason !== 'stop') return reason
  if (shape.toolCalls > 0) return 'tool_calls'
  return shape.refused ? 'refusal' : 'stop'
}
