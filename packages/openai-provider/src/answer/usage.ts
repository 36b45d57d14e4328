import { normalizeUsage, type Usage } from '@belay/core/ports'
import { record } from '../errors/error-facts.ts'

/**
 * Normalises a usage object of the chat completions or the responses protocol. A count that is not there, or
 * is not a whole number, stays absent; nothing is estimated.
 */
export function usageOf(value: unknown): Usage {
  const usage = record(value)
  if (!usage) return {}
  const input = record(usage['input_tokens_details']) ?? record(usage['prompt_tokens_details'])
  const output = record(usage['output_tokens_details']) ?? record(usage['completion_tokens_details'])
  return normalizeUsage({
    inputTokens: usage['input_tokens'] ?? usage['prompt_tokens'],
    cachedInputTokens: input?.['cached_tokens'],
    outputTokens: usage['output_tokens'] ?? usage['completion_tokens'],
    reasoningTokens: output?.['reasoning_tokens'],
  })
}
