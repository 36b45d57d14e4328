import { isCodedError, malformedAnswer, type JsonObject } from '@belay/core/ports'
import type { CallScope } from '../call-scope.ts'
import { incompleteError, located } from '../errors/answer-error.ts'
import { errorFacts, record } from '../errors/error-facts.ts'
import { networkCodeOf } from '../errors/network-error.ts'
import { providerError, type ErrorContext } from '../errors/provider-error.ts'
import { wholeText } from './body-text.ts'
import { post } from './post.ts'

/** A server that answers JSON with JSON. */
export interface JsonServer {
  readonly provider: string
  readonly modelId: string
  /** Up to and without the path. Read when a call starts. */
  readonly baseURL: () => string
  /** Read when a call starts; may throw `model/auth`. */
  readonly headers: () => Readonly<Record<string, string>>
  readonly providerOptions: JsonObject | undefined
  readonly fetch: typeof globalThis.fetch | undefined
}

/** One request of such a server. */
export interface JsonCall<T> {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
  /** Makes sense of the answer. May throw the port's errors. */
  readonly read: (answer: Readonly<Record<string, unknown>>) => T
}

/** Makes the request and gives what was made of the object that came back. Throws the port's errors. */
export async function jsonCall<T>(
  server: JsonServer,
  call: JsonCall<T>,
  scope: CallScope,
  context: ErrorContext,
): Promise<T> {
  const { fetch = globalThis.fetch } = server
  const init: RequestInit = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...call.headers },
    body: JSON.stringify(call.body),
    signal: scope.signal,
  }
  try {
    const response = await post(fetch, `${server.baseURL().replace(/\/+$/, '')}${call.path}`, init, context)
    return call.read(answerOf(await textOf(response, scope), context))
  } catch (error) {
    throw located(error, context)
  }
}

async function textOf(response: Response, scope: CallScope): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) throw malformedAnswer('the body is empty')
  scope.onEnd(() => void reader.cancel().catch(() => {}))
  try {
    return await wholeText(reader)
  } catch (error) {
    throw isCodedError(error) ? error : incompleteError('the connection broke', networkCodeOf(error))
  }
}

function answerOf(text: string, context: ErrorContext): Readonly<Record<string, unknown>> {
  let answer: Readonly<Record<string, unknown>> | undefined
  try {
    answer = record(JSON.parse(text))
  } catch {
    throw malformedAnswer('the body is not JSON')
  }
  if (!answer) throw malformedAnswer('the body is not a JSON object')
  if (answer['error'] != null) throw providerError(errorFacts(answer), context)
  return answer
}
