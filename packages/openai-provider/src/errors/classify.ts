import type { PortErrorCode } from '@belay/core/ports'
import type { ErrorFacts } from './error-facts.ts'

/** A code of the port and whether core may try again. */
export interface Classified {
  readonly code: PortErrorCode
  readonly retryable: boolean
}

/** Codes that mean an account without money: a wait does not help. */
const spent = /insufficient_quota|billing_hard_limit_reached|billing_not_active/i

const contextCodes = /context_length_exceeded|exceed_context_size|context_window_exceeded|prompt_too_long/i

/**
 * How servers say that the prompt does not fit: OpenAI and vLLM, llama.cpp, Ollama, LM Studio, text-generation-
 * inference, Azure, OpenRouter and proxies before them.
 */
const contextWords = new RegExp(
  [
    'maximum context length',
    'context length (?:is )?(?:exceeded|of only)',
    "exceeds? (?:the )?(?:available |model'?s? |maximum )*context",
    'context (?:window|size|length) (?:exceeded|overflow|is too small)',
    'context the overflows',
    'prompt is too long',
    'input (?:is )?too long',
    'too many input tokens',
    'maximum (?:number of )?(?:input|prompt) tokens',
    "longer than the (?:model'?s )?(?:maximum )?context",
    'tokens.{0,40}must be <=',
    'reduce the length of the (?:messages|prompt|input)',
  ].join('|'),
  'i',
)

const filterCodes = /content_filter|content_policy_violation|ResponsibleAIPolicyViolation|moderation_blocked/i

/** Finds the code of the port for what a provider said. */
export function classify(facts: ErrorFacts): Classified {
  const words = `${facts.code ?? ''} ${facts.type ?? ''}`
  const status = facts.status ?? statusOf(words)
  const refused = status === 400 || status === 413 || status === 422 || status === 500
  if (contextCodes.test(words)) return { code: 'model/context-length', retryable: false }
  if (refused && contextWords.test(facts.message ?? ''))
    return { code: 'model/context-length', retryable: false }
  if (filterCodes.test(words) && status < 500) return { code: 'model/content-filter', retryable: false }
  if (spent.test(words)) return { code: 'model/rate-limit', retryable: false }
  if (status === 401 || status === 403) return { code: 'model/auth', retryable: false }
  if (status === 408 || status === 504) return { code: 'model/timeout', retryable: true }
  if (status === 429) return { code: 'model/rate-limit', retryable: true }
  if (status === 409 || status >= 500) return { code: 'model/server', retryable: true }
  return { code: 'model/bad-request', retryable: false }
}

/** A frame inside a stream that began with 200 has no status; its words stand for one. Unknown ones are 500. */
function statusOf(words: string): number {
  if (/rate_limit|too_many_requests|throttl|quota/i.test(words)) return 429
  if (/authentication|unauthorized|invalid_api_key/i.test(words)) return 401
  if (/permission|forbidden/i.test(words)) return 403
  if (/timeout|timed_out/i.test(words)) return 504
  if (/overload|unavailable|server_error|internal/i.test(words)) return 500
  if (/not_found|invalid|bad_?request|unsupported|context_length|content_filter|policy/i.test(words))
    return 400
  return 500
}
