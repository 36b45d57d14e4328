import { isCodedError, type Logger, type SourceConnection, type ToolSource } from '../ports/index.ts'
import type { SessionResources } from '../run/session-resources.ts'

interface Opened {
  readonly connection: Promise<SourceConnection>
  readonly cancel: AbortController
}

/** What connections need of a harness. */
export interface SourceConnectionsInit {
  readonly logger: Logger
  readonly resources: Pick<SessionResources, 'sandbox' | 'onClose'>
}

/**
 * The connections of sessions to tool sources: one for a session and a source, never shared between sessions. They
 * end with whatever else belongs to the session, before its sandbox.
 */
export class SourceConnections {
  readonly #init: SourceConnectionsInit
  readonly #sessions = new Map<string, Map<ToolSource, Opened>>()

  constructor(init: SourceConnectionsInit) {
    this.#init = init
  }

  /** Whoever waits can leave; the connection is opened for all that ask for it. */
  async connect(source: ToolSource, sessionId: string, signal: AbortSignal): Promise<SourceConnection> {
    signal.throwIfAborted()
    const bySource = this.#of(sessionId)
    let opened = bySource.get(source)
    if (opened === undefined) {
      opened = this.#open(source, sessionId)
      bySource.set(source, opened)
      const { connection } = opened
      // A failed one is not remembered.
      connection.catch(() => {
        if (bySource.get(source)?.connection === connection) bySource.delete(source)
      })
    }
    return untilAborted(opened.connection, signal)
  }

  #of(sessionId: string): Map<ToolSource, Opened> {
    let bySource = this.#sessions.get(sessionId)
    if (bySource === undefined) {
      bySource = new Map()
      this.#sessions.set(sessionId, bySource)
      const opened = bySource
      this.#init.resources.onClose(sessionId, async () => {
        this.#sessions.delete(sessionId)
        await Promise.all([...opened].map(([source, one]) => this.#close(source, one)))
      })
    }
    return bySource
  }

  #open(source: ToolSource, sessionId: string): Opened {
    const { logger, resources } = this.#init
    const cancel = new AbortController()
    const open = async (): Promise<SourceConnection> =>
      source.open({
        sessionId,
        sandbox: () => resources.sandbox(sessionId),
        logger: logger.child({ source: source.name, sessionId }),
        signal: cancel.signal,
      })
    return { connection: open(), cancel }
  }

  /** Never rejects: what could not be closed is logged, and what comes after it is closed all the same. */
  async #close(source: ToolSource, { connection, cancel }: Opened): Promise<void> {
    try {
      cancel.abort(new DOMException('The session was closed.', 'AbortError'))
      const opened = await connection.catch(() => undefined)
      await opened?.close()
    } catch (error) {
      const reason = isCodedError(error) ? error.code : 'unknown'
      this.#init.logger.warn('a connection to a tool source could not be closed', {
        source: source.name,
        reason,
      })
    }
  }
}

/** The signal of one who waits does not end what others wait for. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', leave, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
