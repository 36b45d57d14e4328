import type { Logger, Platform, Sandbox, SandboxAdapter } from '../ports/index.ts'
import { serializeError } from '../errors/serialize.ts'
import { errorType } from '../feed/redact.ts'

/** What is open for one session, beside its runs. */
interface OpenResources {
  sandbox: Promise<Sandbox> | undefined
  readonly closers: Set<() => Promise<void>>
}

/** What the resources of sessions need of their harness. */
export interface SessionResourcesInit {
  readonly sandbox: SandboxAdapter
  readonly platform: Platform
  readonly logger: Logger
  /** Whether a session object, or a run that executes, may still use them. */
  readonly inUse: (sessionId: string) => boolean
}

/**
 * What belongs to a session and not to one of its runs: its sandbox, and whatever was opened on it. Opened at the
 * first use and closed with the session; of a session that nobody holds, when its last run here has ended.
 */
export class SessionResources {
  readonly #init: SessionResourcesInit
  readonly #open = new Map<string, OpenResources>()

  constructor(init: SessionResourcesInit) {
    this.#init = init
  }

  /** The sandbox of a session. A failed opening is not remembered. */
  sandbox(sessionId: string): Promise<Sandbox> {
    const resources = this.#of(sessionId)
    if (resources.sandbox !== undefined) return resources.sandbox
    const { sandbox, platform } = this.#init
    const opening = sandbox.open({ key: `session/${sessionId}/${platform.id()}`, sessionId })
    resources.sandbox = opening
    opening.catch(() => {
      if (resources.sandbox === opening) resources.sandbox = undefined
    })
    return opening
  }

  /** Calls `close` before the sandbox of the session is closed; returns the function that forgets it. */
  onClose(sessionId: string, close: () => Promise<void>): () => void {
    const { closers } = this.#of(sessionId)
    closers.add(close)
    return () => void closers.delete(close)
  }

  /** Closes everything of a session, also after a failure; throws the failures together. */
  async close(sessionId: string): Promise<void> {
    const resources = this.#open.get(sessionId)
    if (resources === undefined) return
    this.#open.delete(sessionId)
    const ends = await Promise.allSettled([...resources.closers].map((close) => close()))
    const opened = await resources.sandbox?.catch(() => undefined)
    ends.push(...(await Promise.allSettled([opened?.close()])))
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
    if (failures.length === 1) throw failures[0]
    if (failures.length > 0)
      throw new AggregateError(failures, `Not everything of the session "${sessionId}" could be closed.`)
  }

  /** Closes everything of a session that nobody uses any more. Never rejects. */
  async closeUnused(sessionId: string): Promise<void> {
    if (!this.#open.has(sessionId) || this.#init.inUse(sessionId)) return
    await this.close(sessionId).catch((error: unknown) =>
      this.#init.logger.warn('session not closed cleanly', {
        sessionId,
        error: errorType(serializeError(error)),
      }),
    )
  }

  /** Closes everything; throws the failures together. */
  async closeAll(): Promise<void> {
    const ends = await Promise.allSettled([...this.#open.keys()].map((sessionId) => this.close(sessionId)))
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
    if (failures.length > 0) throw new AggregateError(failures, 'Not every session could be closed.')
  }

  #of(sessionId: string): OpenResources {
    let resources = this.#open.get(sessionId)
    if (resources === undefined) {
      resources = { sandbox: undefined, closers: new Set() }
      this.#open.set(sessionId, resources)
    }
    return resources
  }
}
