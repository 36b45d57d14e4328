import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { connect, type Connection, type ProtocolContext } from './protocol-server.ts'

/** One MCP session over HTTP. */
interface HttpSession {
  readonly principal: string
  readonly transport: StreamableHTTPServerTransport
  readonly connection: Connection
  /** Requests whose answers are not complete. */
  open: number
  idle: NodeJS.Timeout | undefined
}

/** The sessions of one server: bounded in number, and over when nobody has used them for a while. */
export class HttpSessions {
  readonly #sessions = new Map<string, HttpSession>()
  readonly #context: ProtocolContext
  readonly #maxSessions: number
  readonly #idleMs: number
  /** Sessions that are being made count as well. */
  #starting = 0

  constructor(context: ProtocolContext, limits: { readonly maxSessions: number; readonly idleMs: number }) {
    this.#context = context
    this.#maxSessions = limits.maxSessions
    this.#idleMs = limits.idleMs
  }

  get isFull(): boolean {
    return this.#sessions.size + this.#starting >= this.#maxSessions
  }

  /** A session of somebody else is as absent as one that never was. */
  has(id: string, principal: string): boolean {
    return this.#sessions.get(id)?.principal === principal
  }

  /** Makes a session for an `initialize` request and answers it. */
  async open(
    principal: string,
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
  ): Promise<void> {
    this.#starting++
    try {
      const { StreamableHTTPServerTransport } =
        await import('@modelcontextprotocol/sdk/server/streamableHttp.js')
      const id = randomUUID()
      const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => id })
      const connection = await connect(this.#context, transport, { principal, mcpSessionId: id })
      const { onclose: inner } = transport
      const onclose = (): void => {
        this.#drop(id)
        inner?.()
      }
      Object.assign(transport, { onclose })
      this.#sessions.set(id, { principal, transport, connection, open: 0, idle: undefined })
      await this.handle(id, request, response, body)
      // What the SDK refused has no session.
      if (response.statusCode >= 400) await connection.close()
    } finally {
      this.#starting--
    }
  }

  /** Hands a request to its session. */
  async handle(
    id: string,
    request: IncomingMessage,
    response: ServerResponse,
    body?: unknown,
  ): Promise<void> {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    session.open++
    clearTimeout(session.idle)
    response.once('close', () => {
      session.open--
      if (session.open === 0 && this.#sessions.has(id)) this.#startIdle(session)
    })
    await session.transport.handleRequest(request, response, body)
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#sessions.values()].map(({ connection }) => connection.close()))
  }

  #startIdle(session: HttpSession): void {
    session.idle = setTimeout(() => void session.connection.close().catch(() => undefined), this.#idleMs)
    session.idle.unref()
  }

  #drop(id: string): void {
    clearTimeout(this.#sessions.get(id)?.idle)
    this.#sessions.delete(id)
  }
}
