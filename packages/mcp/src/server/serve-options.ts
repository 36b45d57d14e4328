import type { IncomingHttpHeaders } from 'node:http'
import type { JsonObject, Logger } from '@belay/core/ports'
import type { ServableDefinition } from './servable.ts'

/** One agent or workflow as a tool. */
export interface ExposedDefinition {
  readonly definition: ServableDefinition
  /** What it is for: the model on the other side chooses by this. */
  readonly description: string
  /** Name of the tool, 1 to 128 of A-Z a-z 0-9 _ . - Default: the key that it is listed under. */
  readonly tool?: string
  readonly title?: string
  /** Hints for the client. What is not said is not claimed. */
  readonly annotations?: {
    readonly readOnlyHint?: boolean
    readonly destructiveHint?: boolean
    readonly idempotentHint?: boolean
    readonly openWorldHint?: boolean
  }
}

/** A call of a tool, before it runs. */
export interface McpCall {
  readonly tool: string
  /** Who asks: what `authenticate` said; `local` over stdio and without authentication. */
  readonly principal: string
  /** The MCP session; one connection over stdio is one session. */
  readonly mcpSessionId: string
  /** What the client sent as `_meta`. Not checked: a client writes what it likes. */
  readonly meta: JsonObject
}

/** This process is started by its client and talks over stdin and stdout. */
export interface StdioTransportOptions {
  readonly type: 'stdio'
}

/** Who asks, as far as HTTP says it. */
export interface HttpCaller {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly remoteAddress: string | undefined
}

/** Gives the principal, or `undefined` to refuse with 401. */
export type Authenticate = (caller: HttpCaller) => string | undefined | Promise<string | undefined>

/** Streamable HTTP. */
export interface HttpTransportOptions {
  readonly type: 'http'
  /** 0: any free one; the handle says which. */
  readonly port: number
  /** Default `127.0.0.1`. Anything beyond this host needs `allowedHosts` and an authenticator. */
  readonly host?: string
  /** Default `/mcp`. */
  readonly path?: string
  /** `none` only on loopback, where every program of every user of the host can call. */
  readonly authenticate: Authenticate | 'none'
  /** Values of `Host` that are taken. Default on loopback: its names with the port. */
  readonly allowedHosts?: readonly string[]
  /** Values of `Origin` that are taken; a request without one comes from no browser. Default on loopback: its own. */
  readonly allowedOrigins?: readonly string[]
  /** Address of the protected resource metadata (RFC 9728) for the answer to a request without credentials. */
  readonly resourceMetadataUrl?: string
  /** Bytes of one request. Default 1,048,576. */
  readonly maxBodyBytes?: number
  /** Sessions at once. Default 100. */
  readonly maxSessions?: number
  /** Milliseconds after which a session without a request is over. Default 600,000. */
  readonly idleMs?: number
}

/** What `serveMcp` takes. */
export interface ServeMcpOptions {
  /** By the name in the harness. */
  readonly expose: {
    readonly agents?: Readonly<Record<string, ExposedDefinition>>
    readonly workflows?: Readonly<Record<string, ExposedDefinition>>
  }
  readonly transport: StdioTransportOptions | HttpTransportOptions
  /** Default: the name of the harness. */
  readonly name?: string
  /** Version that clients are told. Default `1`. */
  readonly version?: string
  /** For the model on the other side. */
  readonly instructions?: string
  /**
   * The Belay session of a call. Default: a new one for each call, so that no caller sees the conversation of another
   * one. Calls that share a session take turns.
   */
  readonly sessionOf?: (call: McpCall) => string | Promise<string>
  /**
   * Makes runs durable. `true`: a client names its run in `_meta['belay/runId']`, and a later call with that name and
   * the same arguments, also over another connection, gets the run as it is; names of one principal are apart from
   * those of another. A function names the run itself; `undefined` is a run that ends with its connection.
   */
  readonly durable?: boolean | ((call: McpCall) => string | undefined)
  /** Calls that run or wait at once. Default 64; one more is refused. */
  readonly maxCalls?: number
  /** Milliseconds that `close` waits for running calls before it cancels them. Default 5,000. */
  readonly drainMs?: number
  readonly logger?: Logger
}

/** A server that runs. */
export interface McpServing {
  /** Where it listens; absent over stdio. */
  readonly url?: URL
  /** Resolves when it has ended: after `close`, or at the end of stdin. */
  readonly closed: Promise<void>
  /** Takes no new call, lets running ones end for `drainMs`, cancels the rest, and closes every connection. Idempotent. */
  close(): Promise<void>
}
