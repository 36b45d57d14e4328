/**
 * Errors that cross a port. An adapter throws `PortError` with one of the codes of its port; core
 * recognises it by a registered symbol and its code, never by `instanceof`, so two copies of this
 * package understand each other.
 *
 * Conventions of all ports: absence is `undefined`, misuse (a wrong argument) is a plain `TypeError`,
 * failure is a `PortError`.
 */

import type { Json } from './json.ts'

/** Carried by every error of Belay, whichever copy of the package made it. */
export const errorBrand: unique symbol = Symbol.for('belay.error') as never

/** Codes that a store may throw. */
export const storeErrorCodes = {
  /** The store was closed; nothing was written. */
  closed: 'store/closed',
  /** A stored record does not match its checksum, or the file is not a database of this kind. */
  corrupt: 'store/corrupt',
  /** No space is left. */
  full: 'store/full',
  /** Reading or writing failed; the connection is not trusted until it is opened again. */
  io: 'store/io',
  /** Somebody else holds the file for longer than the store is ready to wait. */
  locked: 'store/locked',
  /** The file or its folder cannot be written. */
  readonly: 'store/read-only',
  /** The file was written by a newer version of the adapter, or the engine below it is too old. */
  version: 'store/version',
} as const

/** Codes of the journal's own refusals. Nothing was written when one of them is thrown. */
export const journalErrorCodes = {
  /** `expect` did not hold, or a batch id was used again with other content. */
  conflict: 'journal/conflict',
  /** The fence of the batch is not the current one of its lease. */
  fenced: 'journal/fenced',
} as const

/** Codes that a model adapter may throw. `retryable` on the error says whether core may try again. */
export const modelErrorCodes = {
  /** The request never got an answer: refused, reset, unreachable. Retryable. */
  network: 'model/network',
  /** The provider said that it took too long (408, 504). Retryable. */
  timeout: 'model/timeout',
  /** 429. Retryable; `meta.retryAfterMs` when the provider named a time. */
  rateLimit: 'model/rate-limit',
  /** 5xx or overloaded, 409. Retryable. */
  server: 'model/server',
  /** 401, 403: the key is wrong or lacks a right. */
  auth: 'model/auth',
  /** Any other 4xx. */
  badRequest: 'model/bad-request',
  /** The prompt does not fit into the model's window. */
  contextLength: 'model/context-length',
  /** The provider's filter stopped the call before any answer. */
  contentFilter: 'model/content-filter',
  /** The stream ended without a finish. Retryable only before its first part. */
  incomplete: 'model/incomplete',
  /** The provider sent something that is not its protocol. */
  malformed: 'model/malformed',
} as const

/** Codes of a skill that is not taken. */
export const skillErrorCodes = {
  /** `SKILL.md` or a field breaks a rule. `meta.field` and `meta.line` say where. */
  invalid: 'skill/invalid',
  /** A skill holds more than is allowed. */
  limit: 'skill/limit',
  /** A link, a special file, a path out of the skill, or something that cannot be read. */
  path: 'skill/path',
} as const

/** Codes of a sandbox. */
export const sandboxErrorCodes = {
  /** The sandbox was closed. */
  closed: 'sandbox/closed',
  /** A command was not started. `meta.reason`: `not_found`, `not_allowed`, `cwd`. */
  command: 'sandbox/command',
  /** A replacement was not made. `meta.reason`: `missing`, `absent`, `ambiguous`, `binary`. */
  edit: 'sandbox/edit',
  /** Reading, writing or starting failed on the host. */
  io: 'sandbox/io',
  /** A quota or a limit. `meta.reason`: `bytes`, `files`, `file_bytes`, `time`, `memory`. */
  limit: 'sandbox/limit',
  /**
   * A path that is refused. `meta.reason`: `relative`, `not_normal`, `name`, `outside`, `read_only`, `link`, `special`,
   * `not_a_file`, `not_a_directory`.
   */
  path: 'sandbox/path',
  /** A signal ended a command. `meta.signal` names it. */
  signal: 'sandbox/signal',
  /** A command ran out of time. `meta.timeoutMs`. */
  timeout: 'sandbox/timeout',
  /** What was asked for is not to be had on this host. `meta.reason` says what, the message what to do. */
  unavailable: 'sandbox/unavailable',
} as const

/** Codes of a workspace. */
export const workspaceErrorCodes = {
  /** The workspace of this run was aborted. */
  aborted: 'workspace/aborted',
  /** The adapter was closed. */
  closed: 'workspace/closed',
  /** The operation was used for another run, session or call. */
  conflict: 'workspace/conflict',
  /** What is stored does not match its ref. */
  corrupt: 'workspace/corrupt',
  /** The snapshot's retention is over. */
  expired: 'workspace/expired',
  /** Not a ref of this adapter. */
  invalidRef: 'workspace/invalid-ref',
  /** Reading or writing failed on the host. */
  io: 'workspace/io',
  /** No such workspace or snapshot. */
  missing: 'workspace/missing',
  /** More than is allowed. `meta.reason`: `bytes`, `files`, `file_bytes`. */
  quota: 'workspace/quota',
  /** Something in the tree cannot be kept. `meta.reason`: `special`, `name`, `depth`, `unreadable`; `meta.path`. */
  tree: 'workspace/tree',
} as const

/** Codes of a tool source. `retryable` says that the call has not taken effect and may be made again. */
export const toolSourceErrorCodes = {
  /** The other side refused the credentials, or there are none. */
  auth: 'tool-source/auth',
  /** A tool is not what it was when it was listed. */
  changed: 'tool-source/changed',
  /** The source or the connection was closed. */
  closed: 'tool-source/closed',
  /** The other side answered with an error of its protocol. */
  failed: 'tool-source/failed',
  /** The other side sent what is not its protocol, or more than is taken. */
  malformed: 'tool-source/malformed',
  /** It did not answer in time. */
  timeout: 'tool-source/timeout',
  /** It cannot be reached, was not started, or has ended. */
  unavailable: 'tool-source/unavailable',
  /** It has no tool of this name. */
  unknownTool: 'tool-source/unknown-tool',
} as const

/** Any code above. */
export type PortErrorCode =
  | (typeof sandboxErrorCodes)[keyof typeof sandboxErrorCodes]
  | (typeof workspaceErrorCodes)[keyof typeof workspaceErrorCodes]
  | (typeof toolSourceErrorCodes)[keyof typeof toolSourceErrorCodes]
  | (typeof skillErrorCodes)[keyof typeof skillErrorCodes]
  | (typeof storeErrorCodes)[keyof typeof storeErrorCodes]
  | (typeof journalErrorCodes)[keyof typeof journalErrorCodes]
  | (typeof modelErrorCodes)[keyof typeof modelErrorCodes]

/** Facts beside a code. Content-free: no prompt, no answer, no credential. */
export type ErrorMeta = Readonly<Record<string, Json>>

/** What a `PortError` is made from. */
export interface PortErrorInit<Code extends string = PortErrorCode> {
  readonly code: Code
  /** For people; not part of the contract. */
  readonly message: string
  /** Whether the same call may succeed when it is made again. Default: false. */
  readonly retryable?: boolean
  readonly meta?: ErrorMeta
  readonly cause?: unknown
}

/** A failure with a code that is part of the contract. Every code has a page in `docs/reference/errors`. */
export class PortError<Code extends string = PortErrorCode> extends Error {
  readonly [errorBrand] = true
  readonly code: Code
  readonly retryable: boolean
  readonly meta: ErrorMeta

  constructor(init: PortErrorInit<Code>) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.name = 'PortError'
    this.code = init.code
    this.retryable = init.retryable ?? false
    this.meta = init.meta ?? {}
  }

  /** The part of the code before the slash. */
  get category(): string {
    return this.code.slice(0, this.code.indexOf('/'))
  }

  /** The page that explains the code, relative to the repository. */
  get docs(): string {
    return `docs/reference/errors/${this.code.replace('/', '-')}.md`
  }

  /** For logs and responses: without the cause and the stack, which may hold anything. */
  toJSON(): Json {
    const { name, code, category, message, retryable, meta, docs } = this
    return { name, code, category, message, retryable, meta, docs }
  }
}

/** Whether `error` carries the brand and, when a code is given, that code. */
export function isCodedError<Code extends string>(error: unknown, code?: Code): error is PortError<Code> {
  if (typeof error !== 'object' || error === null || !(errorBrand in error)) return false
  return code === undefined || (error as { code?: unknown }).code === code
}
