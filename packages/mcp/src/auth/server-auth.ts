/**
 * How requests to one MCP server over HTTP are authorised. The client asks for headers before each request, and when
 * the server refuses them it says so once; what comes of that decides whether the request is made again.
 *
 * What an implementation holds: no credential in an error, in `kind` or in anything else that is logged; headers are
 * for the origin of `serverUrl` alone; a wait ends when `signal` is aborted.
 */

/** `fetch` as it is called here. */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>

/** Which server is asked, and how. */
export interface AuthRequest {
  readonly serverUrl: URL
  /** How authorization servers are reached. Default: the global `fetch`. */
  readonly fetch?: FetchLike
  readonly signal?: AbortSignal
}

/** What the server answered. */
export interface AuthRefusal {
  /** 401, or 403 when more rights are needed. */
  readonly status: number
  readonly wwwAuthenticate: string | undefined
  /** The headers that it refused. */
  readonly sent: Readonly<Record<string, string>>
}

/** Authorises requests to a server. */
export interface ServerAuth {
  /** For logs. */
  readonly kind: 'bearer' | 'api-key' | 'basic' | 'oauth'
  /** Headers of the next request; empty when there is nothing to show yet. Throws `tool-source/auth`; `signal.reason`. */
  headers(request: AuthRequest): Promise<Readonly<Record<string, string>>>
  /**
   * Whether the request may be made once more with new headers. Absent: never.
   * Throws `tool-source/auth`; `signal.reason`.
   */
  refused?(request: AuthRequest, refusal: AuthRefusal): Promise<boolean>
}
