import { PortError, type Json } from '@belay/core/ports'
import { record } from './error-facts.ts'
import { answerMeta, type ErrorContext } from './provider-error.ts'

/** Words of the system and of undici for a peer that stayed silent. */
const silence = /^(?:ETIMEDOUT|UND_ERR_(?:HEADERS|BODY|CONNECT)_TIMEOUT)$/

/** How deep chains of causes are followed; they may be cyclic. */
const maxCauses = 8

/** A request without an answer. The cause stays out; its code says what it was. */
export function networkError(error: unknown, context: ErrorContext): PortError {
  const networkCode = networkCodeOf(error)
  const meta: Record<string, Json> = { ...answerMeta(context), ...(networkCode && { networkCode }) }
  const why = networkCode ? ` (${networkCode})` : ''
  if ((networkCode && silence.test(networkCode)) || record(error)?.['name'] === 'TimeoutError') {
    return new PortError({
      code: 'model/timeout',
      retryable: true,
      meta,
      message: `${context.provider} did not answer in time${why}`,
    })
  }
  return new PortError({
    code: 'model/network',
    retryable: true,
    meta,
    message: `${context.provider} could not be reached${why}`,
  })
}

/** The first system or undici code in a chain of causes, such as `ECONNRESET`. */
export function networkCodeOf(error: unknown): string | undefined {
  let current: unknown = error
  for (let depth = 0; depth < maxCauses && current !== undefined; depth += 1) {
    const fields = record(current)
    const code = fields?.['code']
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code
    current = fields?.['cause']
  }
  return undefined
}
