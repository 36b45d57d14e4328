import { isCodedError, PortError } from '@belay/core/ports'
import { answerMeta, type ErrorContext } from './provider-error.ts'

/** The stream ended without a finish. `callStream` takes the retry back once a part was delivered. */
export function incompleteError(what: string, networkCode?: string): PortError {
  return new PortError({
    code: 'model/incomplete',
    message: `The model's answer is incomplete: ${what}`,
    retryable: true,
    ...(networkCode && { meta: { networkCode } }),
  })
}

/** A request that this package cannot put into the provider's protocol; nothing was sent. */
export function unsupportedError(what: string): PortError {
  return new PortError({ code: 'model/bad-request', message: `The request cannot be sent: ${what}` })
}

/** The same error with what is known of the answer, so that readers need not pass it around. */
export function located(error: unknown, context: ErrorContext): unknown {
  if (!isCodedError(error)) return error
  const { code, message, retryable, meta } = error
  return new PortError({ code, message, retryable, meta: { ...answerMeta(context), ...meta } })
}
