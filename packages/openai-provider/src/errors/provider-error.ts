import { PortError, type Json } from '@belay/core/ports'
import { classify } from './classify.ts'
import type { ErrorFacts } from './error-facts.ts'
import { rateLimitFacts } from './rate-limit.ts'
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
const headerForm = /^[\w.:,;/ =+()-]{1,128}$/

/** Headers that help to find out what happened and hold nothing of the request. All others stay out. */
const safeNames =
  /^(?:date|server|via|content-type|retry-after(?:-ms)?|cf-ray|openai-(?:model|processing-ms|version)|(?:x-|anthropic-)?ratelimit-[\w-]+)$/

/** More headers than this are noise. */
const maxHeaders = 24

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
  if (headers) {
    const rateLimit = rateLimitFacts(headers)
    if (rateLimit) meta['rateLimit'] = rateLimit
    const safe = safeHeaders(headers, redact)
    if (Object.keys(safe).length > 0) meta['headers'] = safe
  }
  return meta
}

function safeHeaders(headers: Headers, redact: Redact): Record<string, Json> {
  const safe = [...headers].filter(
    ([name, value]) => safeNames.test(name) && headerForm.test(value) && redact.safe(value),
  )
  return Object.fromEntries(safe.slice(0, maxHeaders))
}

function codeOf(facts: ErrorFacts, redact: Redact): string | undefined {
  return [facts.code, facts.type].find(
    (code) => code !== undefined && codeForm.test(code) && redact.safe(code),
  )
}
