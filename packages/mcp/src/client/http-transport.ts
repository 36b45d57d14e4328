import { isCodedError, type PortError } from '@belay/core/ports'
import type { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import { HttpRequests } from './http-requests.ts'
import type { LinkTransport } from './link-transport.ts'
import type { HttpServer, ResolvedOptions } from './options.ts'
import { loadHttp } from './sdk.ts'
import { sourceError } from './source-error.ts'
import { within } from './within.ts'

/** A server that does not take the goodbye forgets the session by itself. */
const goodbyeMs = 1_000

/** Whoever reads the stream of a server that left is told by the next call. */
const reconnection = {
  initialReconnectionDelay: 1_000,
  maxReconnectionDelay: 10_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 2,
}

/** A transport of the SDK with what it lacks: bounds, an end for each request, and faults by name. */
export async function openHttp(
  options: ResolvedOptions & { readonly transport: HttpServer },
): Promise<LinkTransport> {
  const http = await loadHttp()
  return new HttpTransport(options, http)
}

class HttpTransport implements LinkTransport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  readonly #source: string
  readonly #http: Awaited<ReturnType<typeof loadHttp>>
  readonly #requests: HttpRequests
  readonly #inner: StreamableHTTPClientTransport
  #fault: PortError | undefined
  #ending: Promise<void> | undefined

  constructor(
    options: ResolvedOptions & { readonly transport: HttpServer },
    http: Awaited<ReturnType<typeof loadHttp>>,
  ) {
    const { name, transport, auth, maxMessageBytes } = options
    const url = new URL(transport.url)
    this.#source = name
    this.#http = http
    this.#requests = new HttpRequests({
      source: name,
      url,
      headers: transport.headers ?? {},
      auth,
      maxMessageBytes,
      answer: (message) => this.onmessage?.(message),
    })
    this.#inner = new http.StreamableHTTPClientTransport(url, {
      fetch: this.#requests.fetch,
      reconnectionOptions: reconnection,
    })
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the transport of the SDK is no EventTarget
    this.#inner.onmessage = (message) => {
      if (this.#requests.arrived(message)) this.onmessage?.(message)
    }
    // What fails shows at the request that it fails.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the transport of the SDK is no EventTarget
    this.#inner.onerror = () => undefined
  }

  get fault(): PortError | undefined {
    return this.#fault
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion(version)
  }

  start(): Promise<void> {
    return this.#inner.start()
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#requests.sent(message)
    const hadSession = this.#inner.sessionId !== undefined
    try {
      await this.#inner.send(message)
    } catch (error) {
      throw this.#faultOf(error, hadSession)
    }
  }

  async close(): Promise<void> {
    await this.end()
  }

  end(): Promise<void> {
    return (this.#ending ??= this.#end())
  }

  async #end(): Promise<void> {
    this.#fault ??= this.#error('closed', 'was closed', 'closed')
    this.#requests.end()
    await within(this.#inner.terminateSession(), goodbyeMs)
    await this.#inner.close()
    this.onclose?.()
  }

  #faultOf(error: unknown, hadSession: boolean): PortError {
    if (isCodedError(error)) return error as PortError
    if (!(error instanceof this.#http.StreamableHTTPError)) return this.#broken(error)
    const status = error.code ?? 0
    if (status === 404 && hadSession) {
      const lost = this.#error('unavailable', 'has forgotten the session', 'session_lost', {
        retryable: true,
      })
      return (this.#fault ??= lost)
    }
    if (status === 401 || status === 403)
      return this.#error('auth', `refused the request (${status})`, 'refused', { status })
    if (status >= 300 && status < 400)
      return this.#error(
        'unavailable',
        'sent the request to another place, where it is not made',
        'redirect',
        { status },
      )
    if (status < 0)
      return this.#error('malformed', 'answered with something else than its protocol', 'content_type')
    // A server that is busy has done nothing; one that failed may have.
    const retryable = status === 429 || status === 502 || status === 503
    return this.#error('unavailable', `refused the request (${status})`, 'status', { status, retryable })
  }

  /** No answer, or one that is not the protocol: what becomes of the session is not known. */
  #broken(cause: unknown): PortError {
    const isNetwork = cause instanceof TypeError || (cause instanceof Error && cause.name === 'AbortError')
    return isNetwork
      ? this.#error('unavailable', 'could not be reached', 'network', { cause })
      : this.#error('malformed', 'answered with something else than its protocol', 'result', { cause })
  }

  #error(
    code: 'auth' | 'closed' | 'malformed' | 'unavailable',
    what: string,
    reason: string,
    init: { readonly status?: number; readonly retryable?: boolean; readonly cause?: unknown } = {},
  ): PortError {
    const { status, retryable, cause } = init
    return sourceError(`tool-source/${code}`, {
      message: `The MCP server "${this.#source}" ${what}.`,
      retryable: retryable ?? false,
      meta: { source: this.#source, reason, ...(status !== undefined && { status }) },
      cause,
    })
  }
}
