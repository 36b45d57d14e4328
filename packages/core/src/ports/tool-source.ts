/**
 * Port: tool source. Where tools come from that are known only when a run executes, such as an MCP server.
 *
 * Words: a *source* is what an agent lists among its tools. A *connection* is one opened way to it, for one session.
 *
 * What an implementation must hold:
 * - Names are stable: two calls of `list` on an unchanged source give the same tools with the same names and versions.
 * - `version` of a tool changes when its name, description, schemas or declared behaviour do, and only then.
 * - Schemas are JSON Schema of an object, at most 262,144 bytes as JSON, and names match `[A-Za-z0-9_-]{1,64}`. What does not fit is
 *   left out and logged, never passed on.
 * - Everything of the other side is bounded: answers, logs, lists, the time of a call and of `close`.
 * - An abort ends a call within a bound and tells the other side.
 * - `close` settles within 5 s and leaves no process, socket or timer.
 *
 * What is not promised: that a tool of the list still exists when it is called; that a call whose answer was lost has not
 * taken effect.
 */

import type { Configurable } from './configure.ts'
import type { JsonObject } from './json.ts'
import type { Logger } from './logger.ts'
import type { Sandbox } from './sandbox.ts'
import type { AdapterInfo } from './spec.ts'

export { isCodedError, PortError, toolSourceErrorCodes } from './errors.ts'
export type { Json, JsonObject } from './json.ts'
export type { AdapterInfo } from './spec.ts'

/** One tool of a source. */
export interface SourcedTool {
  /** As models see it and as `call` takes it. */
  readonly name: string
  readonly description: string
  /** JSON Schema of an object. */
  readonly inputSchema: JsonObject
  /** A hash over everything that a person who approves a call relies on. */
  readonly version: string
  /** The source says that it changes nothing. */
  readonly readOnly: boolean
  /** The source says that a second call with the same arguments changes nothing more. */
  readonly idempotent: boolean
}

/** What a call gave. Text is what a model sees. */
export interface SourcedResult {
  readonly isError: boolean
  /** Bounded to 1,048,576 UTF-16 units; what was cut says so at its end. */
  readonly text: string
  /** Present when the tool declares structured results; at most 1,048,576 bytes as JSON. */
  readonly structured?: JsonObject
}

export interface SourceCallOptions {
  readonly signal: AbortSignal
  /** The same for every attempt of one call. */
  readonly idempotencyKey: string
  /** The version that was listed. Another one now: `tool-source/changed`, and nothing is called. */
  readonly version: string
  readonly onProgress?: (progress: {
    readonly progress: number
    readonly total?: number
    readonly message?: string
  }) => void
}

/** What a connection is opened for. */
export interface SourceRequest {
  readonly sessionId: string
  /** The session's sandbox, opened when it is asked for. A process of the source runs in it, and ends before it. */
  readonly sandbox: () => Promise<Sandbox>
  readonly logger: Logger
  readonly signal?: AbortSignal
}

/** One opened way to a source. */
export interface SourceConnection {
  /**
   * The tools now, by name in the order of UTF-16 units.
   * Throws: `tool-source/unavailable`, `tool-source/timeout`, `tool-source/auth`, `tool-source/malformed`, `tool-source/closed`; `signal.reason`.
   */
  list(options?: { readonly signal?: AbortSignal }): Promise<readonly SourcedTool[]>

  /**
   * Calls a tool once. It is made again, after the way broke, only when the tool is idempotent or read-only.
   * Throws: as `list`, `tool-source/unknown-tool`, `tool-source/changed`, `tool-source/failed` (the source answered with an error of its protocol).
   * `retryable` says whether nothing has happened.
   */
  call(name: string, input: JsonObject, options: SourceCallOptions): Promise<SourcedResult>

  /** Settles within 5 s. Idempotent. Later calls throw `tool-source/closed`. */
  close(): Promise<void>
}

/** What an agent lists among its tools. */
export interface ToolSource extends Configurable {
  readonly kind: 'tool-source'
  readonly info: AdapterInfo
  /** `[a-z][a-z0-9-]{0,31}`; unique in an agent. */
  readonly name: string
  /**
   * Opens a way for one session. A failed one is not remembered.
   * Throws: `tool-source/unavailable`, `tool-source/timeout`, `tool-source/auth`, `tool-source/malformed`, `tool-source/closed`; `signal.reason`.
   */
  open(request: SourceRequest): Promise<SourceConnection>
  /** Closes every connection. Idempotent. */
  close(): Promise<void>
}
