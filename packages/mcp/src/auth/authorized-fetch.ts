import { authError } from './auth-error.ts'
import type { AuthRequest, FetchLike, ServerAuth } from './server-auth.ts'

/** What `authorizedFetch` needs. */
export interface AuthorizedFetchInit {
  readonly serverUrl: URL
  readonly auth: ServerAuth
  /** Default: the global `fetch`. */
  readonly fetch?: FetchLike
}

/**
 * A `fetch` for the transport of the SDK: adds the headers, and after a refusal asks once for others. It never follows
 * a redirect by itself, and nothing with credentials leaves the server's origin.
 */
export function authorizedFetch({ serverUrl, auth, fetch: base = fetch }: AuthorizedFetchInit): FetchLike {
  return async (url, init) => {
    const target = new URL(url)
    if (!isSameServer(serverUrl, target)) {
      throw authError(
        'origin',
        `A request to ${target.origin} is not made: its credentials are for ${serverUrl.origin}.`,
      )
    }
    const request: AuthRequest = {
      serverUrl,
      fetch: base,
      ...(init?.signal != null && { signal: init.signal }),
    }
    const send = (headers: Readonly<Record<string, string>>): Promise<Response> =>
      base(target, { ...init, headers: merged(init?.headers, headers), redirect: 'manual' })
    const sent = await auth.headers(request)
    const response = await send(sent)
    if (auth.refused === undefined || !isRefusal(response) || !canRepeat(init?.body)) return response
    const wwwAuthenticate = response.headers.get('www-authenticate') ?? undefined
    await response.body?.cancel()
    if (!(await auth.refused(request, { status: response.status, wwwAuthenticate, sent }))) {
      return new Response(undefined, { status: response.status, headers: response.headers })
    }
    return send(await auth.headers(request))
  }
}

/** The same origin, or its https form when both have default ports. */
function isSameServer(server: URL, target: URL): boolean {
  if (server.origin === target.origin) return true
  return (
    server.hostname === target.hostname &&
    server.protocol === 'http:' &&
    target.protocol === 'https:' &&
    server.port === '' &&
    target.port === ''
  )
}

function merged(given: RequestInit['headers'], added: Readonly<Record<string, string>>): Headers {
  const headers = new Headers(given)
  for (const [name, value] of Object.entries(added)) headers.set(name, value)
  return headers
}

/** 403 counts only when the server says that more rights would help. */
function isRefusal(response: Response): boolean {
  if (response.status === 401) return true
  return (
    response.status === 403 &&
    /\berror="?insufficient_scope\b/.test(response.headers.get('www-authenticate') ?? '')
  )
}

/** A body that is read once cannot be sent again. */
function canRepeat(body: RequestInit['body']): boolean {
  return (
    body == null || typeof body === 'string' || body instanceof URLSearchParams || body instanceof Uint8Array
  )
}
