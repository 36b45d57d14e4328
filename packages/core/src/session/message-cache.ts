import type { Message } from '../ports/index.ts'
import type { Engine } from '../run/engine.ts'
import { readMessages } from './history.ts'

/**
 * The conversations of open sessions as they were last read, so that a run reads only what is new. A session's
 * stream only grows, and its holder alone writes it, so what was read stays true.
 */
export class MessageCache {
  readonly #engine: Engine
  readonly #sessions = new Map<string, { readonly position: number; readonly messages: readonly Message[] }>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Messages of a session up to a position of its stream. */
  async read(sessionId: string, upTo: number): Promise<readonly Message[]> {
    if (upTo === 0) return []
    const known = this.#sessions.get(sessionId)
    if (known?.position === upTo) return known.messages
    const from = known !== undefined && known.position < upTo ? known : { position: 0, messages: [] }
    const messages = await readMessages(this.#engine, sessionId, { from, upTo })
    if (known === undefined || known.position < upTo)
      this.#sessions.set(sessionId, { position: upTo, messages })
    return messages
  }

  forget(sessionId: string): void {
    this.#sessions.delete(sessionId)
  }
}
