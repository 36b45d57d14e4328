import { malformedAnswer, isCodedError, PortError, type PortErrorCode } from '@belay/core/ports'
import { incompleteError } from '../errors/answer-error.ts'
import { errorFacts, errorFactsOfText, record, type ErrorFacts } from '../errors/error-facts.ts'
import { networkCodeOf, networkError } from '../errors/network-error.ts'
import { providerError, type ErrorContext } from '../errors/provider-error.ts'

/** Errors of the SDK that are about the request or its set-up, by name. */
const named: Readonly<Record<string, PortErrorCode>> = {
  AI_LoadAPIKeyError: 'model/auth',
  AI_InvalidArgumentError: 'model/bad-request',
  AI_InvalidPromptError: 'model/bad-request',
  AI_LoadSettingError: 'model/bad-request',
  AI_NoSuchModelError: 'model/bad-request',
  AI_UnsupportedFunctionalityError: 'model/bad-request',
}

/**
 * Makes the port's error of whatever a specification model throws or puts into its stream. The original is never
 * the cause: the SDK's errors hold the whole request and answer.
 */
export function sdkError(error: unknown, context: ErrorContext): PortError {
  if (isCodedError(error)) return error as PortError
  const fields = record(error) ?? {}
  const name = typeof fields['name'] === 'string' ? fields['name'] : ''
  const inner = fields['cause']
  if (isCodedError(inner)) return inner as PortError
  if (name === 'AI_APICallError') return apiCallError(fields, context)
  const code = named[name]
  if (code) {
    return new PortError({ code, message: `${context.provider}: the AI SDK refused the call (${name})` })
  }
  if (name.startsWith('AI_')) return malformedAnswer(`the AI SDK could not read it (${name})`)
  if (error instanceof Error) return plainError(error, name, context)
  // What is left is a frame of the provider, as it is or wrapped by its SDK package.
  const data = fields['data']
  return providerError(
    { ...errorFacts(error), ...(data !== undefined && defined(errorFacts(data))) },
    context,
  )
}

/** Failures of the platform: the transport broke, or a time limit that somebody else set. */
function plainError(error: Error, name: string, context: ErrorContext): PortError {
  if (name === 'AbortError' || name === 'TimeoutError') return networkError(error, context)
  const networkCode = networkCodeOf(error)
  if (error.message === 'terminated' || (networkCode && context.headers))
    return incompleteError('the connection broke', networkCode)
  if (networkCode || (error instanceof TypeError && /fetch/.test(error.message)))
    return networkError(error, context)
  return malformedAnswer(`the model's library failed (${/^\w{1,40}$/.test(name) ? name : 'Error'})`)
}

function apiCallError(fields: Readonly<Record<string, unknown>>, context: ErrorContext): PortError {
  const { statusCode, responseHeaders, responseBody, data, message } = fields
  if (record(responseHeaders)) context.headers = new Headers(responseHeaders as Record<string, string>)
  if (typeof statusCode !== 'number') return networkError(fields, context)
  if (statusCode < 400) return incompleteError('the connection broke', networkCodeOf(fields))
  const facts: ErrorFacts = {
    ...(typeof message === 'string' && { message }),
    ...(typeof responseBody === 'string' && defined(errorFactsOfText(responseBody))),
    ...(data !== undefined && defined(errorFacts(data))),
  }
  return providerError({ ...facts, status: statusCode }, context)
}

/** So that a form that says less does not blot out one that says more. */
function defined(facts: ErrorFacts): ErrorFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}
