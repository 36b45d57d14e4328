import { errorFactsOfText } from '../errors/error-facts.ts'
import { networkError } from '../errors/network-error.ts'
import { providerError, type ErrorContext } from '../errors/provider-error.ts'

/** An error body that is longer is an echo or a web page; its head says what there is to say. */
const maxErrorBytes = 64 * 1024

/**
 * One request. Answers other than 2xx become the port's errors. Redirects are not followed: they would be a
 * second request, and would carry prompt and headers to an address that nobody named.
 */
export async function post(
  fetch: typeof globalThis.fetch,
  url: Parameters<typeof globalThis.fetch>[0],
  init: RequestInit,
  context: ErrorContext,
): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { ...init, redirect: 'manual' })
  } catch (error) {
    init.signal?.throwIfAborted()
    throw networkError(error, context)
  }
  context.headers = response.headers
  if (response.ok) return response
  const body = await readHead(response, maxErrorBytes).catch(() => '')
  init.signal?.throwIfAborted()
  throw providerError({ ...errorFactsOfText(body), status: response.status }, context)
}

/** The first bytes of a body as text; the rest is not read. */
async function readHead(response: Response, limit: number): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text
    text += decoder.decode(value, { stream: true })
    bytes += value.byteLength
    if (bytes < limit) continue
    await reader.cancel().catch(() => {})
    return text
  }
}
