import type { PortError } from '@belay/core/ports'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import { authorizedFetch } from '../auth/authorized-fetch.ts'
import type { FetchLike, ServerAuth } from '../auth/server-auth.ts'
import { boundedBody } from './bounded-body.ts'
import { answeredId, cancelledId, faultAnswer } from './message.ts'
import { sourceError } from './source-error.ts'

/** Parsing what has arrived takes some turns of microtasks and no I/O; after this long nothing of it is left. */
const settleMs = 50

/** What requests to a server are made with. */
export interface HttpRequestsInit {
  readonly source: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly auth: ServerAuth | undefined
  readonly maxMessageBytes: number
  /** Gives an answer in the place of the server. */
  readonly answer: (message: JSONRPCMessage) => void
}

interface Open {
  readonly abort: AbortController
  timer: NodeJS.Timeout | undefined
}

const noAuth: ServerAuth = { kind: 'bearer', headers: async () => ({}) }

/**
 * The requests of one transport of the SDK. What the SDK leaves open is ended here: a request that was given up, a
 * stream that ends without the answer, a body without an end. Nothing goes to another origin.
 */
export class HttpRequests {
  readonly #init: HttpRequestsInit
  readonly #fetch: FetchLike
  readonly #open = new Map<number | string, Open>()

  constructor(init: HttpRequestsInit) {
    this.#init = init
    this.#fetch = authorizedFetch({ serverUrl: init.url, auth: init.auth ?? noAuth })
  }

  readonly fetch: FetchLike = async (url, request = {}) => {
    const id = request.method === 'POST' ? requestIdOf(request.body) : undefined
    if (id === undefined) return this.#send(url, request, undefined)
    const open: Open = { abort: new AbortController(), timer: undefined }
    this.#open.set(id, open)
    const signals = [open.abort.signal, ...(request.signal ? [request.signal] : [])]
    try {
      return await this.#send(url, { ...request, signal: AbortSignal.any(signals) }, id)
    } catch (error) {
      this.#forget(id)
      throw error
    }
  }

  /** A message is on its way out: what it gives up is ended. */
  sent(message: JSONRPCMessage): void {
    const id = cancelledId(message)
    if (id === undefined) return
    const open = this.#open.get(id)
    this.#forget(id)
    open?.abort.abort()
  }

  /** A message has come in. Whether somebody waits for it. */
  arrived(message: JSONRPCMessage): boolean {
    const id = answeredId(message)
    if (id === undefined) return true
    const waited = this.#open.has(id)
    this.#forget(id)
    return waited
  }

  end(): void {
    for (const [id, { abort }] of [...this.#open]) {
      this.#forget(id)
      abort.abort()
    }
  }

  async #send(url: string | URL, request: RequestInit, id: number | string | undefined): Promise<Response> {
    const headers = new Headers(request.headers)
    for (const [name, value] of Object.entries(this.#init.headers)) headers.set(name, value)
    const response = await this.#fetch(url, { ...request, headers })
    if (response.body === null) return response
    const isEvents = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    const body = boundedBody(response.body as ReadableStream<Uint8Array>, {
      maxBytes: this.#init.maxMessageBytes,
      isEvents,
      tooLong: () => this.#fault('malformed', 'sent a message that is too long', 'too_long'),
      onEnd: ({ resumable, error }) => this.#bodyEnded(id, { resumable, error, isEvents }),
    })
    const { status, statusText } = response
    return new Response(body, { status, statusText, headers: response.headers })
  }

  /** The SDK goes on where it can, and waits for ever where it cannot. */
  #bodyEnded(
    id: number | string | undefined,
    {
      resumable,
      error,
      isEvents,
    }: { readonly resumable: boolean; readonly error: unknown; readonly isEvents: boolean },
  ): void {
    const open = id === undefined ? undefined : this.#open.get(id)
    if (id === undefined || open === undefined || !isEvents) return
    const isFault = error instanceof Error && 'code' in error && String(error.code).startsWith('tool-source/')
    if (resumable && !isFault) return
    const fault = isFault
      ? error
      : this.#fault('unavailable', 'ended its answer before it was whole', 'stream')
    open.timer = setTimeout(() => {
      if (this.arrived(faultAnswer(id, fault))) this.#init.answer(faultAnswer(id, fault))
    }, settleMs)
  }

  #forget(id: number | string): void {
    clearTimeout(this.#open.get(id)?.timer)
    this.#open.delete(id)
  }

  #fault(code: 'malformed' | 'unavailable', what: string, reason: string): PortError {
    return sourceError(`tool-source/${code}`, {
      message: `The MCP server "${this.#init.source}" ${what}.`,
      meta: { source: this.#init.source, reason },
    })
  }
}

/** The SDK writes the id last; a body that is not of this form asks for nothing. */
function requestIdOf(body: RequestInit['body']): number | undefined {
  if (typeof body !== 'string') return undefined
  const found = /"id":(\d+)\}$/.exec(body.slice(-32))
  return found === null ? undefined : Number(found[1])
}
