import { PortError, type Json } from '@belay/core/ports'
import { classify } from './classify.ts'
import type { ErrorFacts } from './error-facts.ts'
import type { Redact } from './redact.ts'
import { retryAfterMs } from './retry-after.ts'

/** What is known of the request that an error belongs to. */
export interface ErrorContext {
  readonly provider: string
  readonly redact: Redact
  /** Headers of the answer, once there is one. */
  headers?: Headers
}

/** Anything else in one of these fields is not a code or an id, and may be content. */
const codeForm = /^[\w.:/-]{1,64}$/
const requestIdForm = /^[\w.:-]{1,128}$/
const rateLimitForm = /^[\w.:,; =-]{1,64}$/

/** Rate-limit headers beyond this many are noise. */
const maxRateLimitHeaders = 12

/** Makes the port's error of what a provider said. There is no cause: the library's errors hold the request. */
export function providerError(facts: ErrorFacts, context: ErrorContext): PortError {
  const { code, retryable } = classify(facts)
  const message = facts.message ? context.redact.message(facts.message) : ''
  const wait = context.headers && retryAfterMs(context.headers)
  const meta: Record<string, Json> = {
    ...(facts.status !== undefined && { status: facts.status }),
    ...answerMeta(context),
  }
  const providerCode = codeOf(facts, context.redact)
  if (providerCode) meta['providerCode'] = providerCode
  if (message) meta['providerMessage'] = message
  if (wait !== undefined && retryable) meta['retryAfterMs'] = wait
  const said = facts.status === undefined ? 'sent an error' : `answered ${facts.status}`
  return new PortError({
    code,
    retryable,
    meta,
    message: `${context.provider} ${said}${message && `: ${message}`}`,
  })
}

/** Facts about the answer that hold whatever went wrong in it. */
export function answerMeta({ headers, redact }: ErrorContext): Record<string, Json> {
  const meta: Record<string, Json> = {}
  const requestId = headers?.get('x-request-id') ?? headers?.get('request-id')
  if (requestId && requestIdForm.test(requestId) && redact.safe(requestId)) meta['requestId'] = requestId
  const limits = [...(headers ?? [])].filter(
    ([name, value]) => /^(?:x-)?ratelimit-/.test(name) && rateLimitForm.test(value) && redact.safe(value),
  )
  if (limits.length > 0) meta['rateLimit'] = Object.fromEntries(limits.slice(0, maxRateLimitHeaders))
  return meta
}

function codeOf(facts: ErrorFacts, redact: Redact): string | undefined {
  return [facts.code, facts.type].find(
    (code) => code !== undefined && codeForm.test(code) && redact.safe(code),
  )
}
