import { isCodedError, type PortError } from '@belay/core/ports'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { packageVersion } from '../version.ts'
import type { LinkTransport } from './link-transport.ts'
import { loadSdk, type Sdk } from './sdk.ts'
import { harmless, sourceError } from './source-error.ts'
import { within } from './within.ts'

/** Telling a server of the end must not hold the end up. */
const goodbyeMs = 4_500

/** Timers of Node may fire a little early. */
const timerSlackMs = 2

/** How one request is made. */
export interface RequestInit {
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
  readonly onProgress?:
    ((progress: { progress: number; total?: number; message?: string }) => void) | undefined
}

type Result = Readonly<Record<string, unknown>>

/** One initialised conversation with a server, over one transport. It is never repaired: another one takes its place. */
export class Link {
  readonly #source: string
  readonly #sdk: Sdk
  readonly #client: Client
  readonly #transport: LinkTransport
  /** The server says that its tools have changed since they were listed. */
  changed = false

  private constructor(source: string, sdk: Sdk, client: Client, transport: LinkTransport) {
    this.#source = source
    this.#sdk = sdk
    this.#client = client
    this.#transport = transport
    client.setNotificationHandler(
      sdk.types.ToolListChangedNotificationSchema,
      () => void (this.changed = true),
    )
  }

  /** Throws as `ToolSource.open`; the transport has ended then. */
  static async open(source: string, transport: LinkTransport, init: RequestInit): Promise<Link> {
    const sdk = await loadSdk()
    const client = new sdk.client.Client(
      { name: 'belay', version: packageVersion },
      // What a server declares about its results is not compiled to code here.
      { capabilities: {}, jsonSchemaValidator: { getValidator: () => acceptAll } },
    )
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the client of the SDK is no EventTarget
    client.onerror = () => undefined
    const link = new Link(source, sdk, client, transport)
    try {
      await link.#bounded(init, 'start', async (options) => client.connect(transport, options))
      return link
    } catch (error) {
      await transport.end()
      throw error
    }
  }

  /** Why it is of no use any more. */
  get fault(): PortError | undefined {
    return this.#transport.fault
  }

  has(capability: 'tools' | 'resources'): boolean {
    return this.#client.getServerCapabilities()?.[capability] !== undefined
  }

  /** Throws `tool-source/…`; `signal.reason`. */
  request(method: string, params: Result, init: RequestInit): Promise<Result> {
    const { ResultSchema } = this.#sdk.types
    return this.#bounded(init, method, async (options) =>
      this.#client.request({ method, params }, ResultSchema, options),
    )
  }

  /** Never rejects. */
  async end(): Promise<void> {
    await within(this.#transport.end(), goodbyeMs)
  }

  async #bounded<T>(init: RequestInit, what: string, work: (options: object) => Promise<T>): Promise<T> {
    const { signal, timeoutMs, onProgress } = init
    signal?.throwIfAborted()
    // One of its own, because the SDK leaves its listener on the signal of whoever calls.
    const own = new AbortController()
    const onAbort = (): void => own.abort('cancelled')
    const start = performance.now()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await work({
        signal: own.signal,
        timeout: timeoutMs,
        ...(onProgress && { onprogress: onProgress }),
      })
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      // A server may answer with the code that the SDK has for its own timeout.
      const isLate = performance.now() - start >= timeoutMs - timerSlackMs
      const fault = this.#errorOf(error, what, isLate ? timeoutMs : undefined)
      throw what === 'tools/call' ? fault : harmless(fault)
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** @param timeoutMs the time limit, if it is over */
  #errorOf(error: unknown, what: string, timeoutMs: number | undefined): PortError {
    if (isCodedError(error)) return error as PortError
    const { McpError, ErrorCode } = this.#sdk.types
    const meta = { source: this.#source }
    const server = `The MCP server "${this.#source}"`
    if (!(error instanceof McpError)) {
      if (this.fault !== undefined) return this.fault
      return sourceError('tool-source/malformed', {
        message: `${server} answered "${what}" with what is not its protocol.`,
        meta: { ...meta, reason: 'result' },
        cause: error,
      })
    }
    // Put there by the transport: no server can send one.
    if (isCodedError(error.data)) return error.data as PortError
    const code: number = error.code
    if (timeoutMs !== undefined && code === Number(ErrorCode.RequestTimeout)) {
      return sourceError('tool-source/timeout', {
        message: `${server} did not answer "${what}" within ${timeoutMs} ms.`,
        meta: { ...meta, timeoutMs },
      })
    }
    if (code === Number(ErrorCode.ConnectionClosed) && this.fault !== undefined) return this.fault
    return sourceError('tool-source/failed', {
      message: `${server} answered "${what}" with the error ${code}.`,
      meta: { ...meta, code },
      cause: error,
    })
  }
}

const acceptAll = (data: unknown) => ({ valid: true as const, data: data as never, errorMessage: undefined })
