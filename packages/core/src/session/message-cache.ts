import type { Message } from '../ports/index.ts'
import type { Engine } from '../run/engine.ts'
import { messagesOf, readConversation, type Conversation } from './conversation-reader.ts'

/** Sessions whose conversation is kept: enough for those that are active, bounded for those that never close. */
const keptSessions = 256

/**
 * The conversations of open sessions as they were last read, so that a run reads only what is new. A session's
 * stream only grows, and its holder alone writes it, so what was read stays true.
 */
export class MessageCache {
  readonly #engine: Engine
  readonly #sessions = new Map<string, Conversation>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Messages of a session up to a position of its stream. */
  async read(sessionId: string, upTo: number): Promise<readonly Message[]> {
    if (upTo === 0) return []
    const known = this.#sessions.get(sessionId)
    if (known?.position === upTo) return messagesOf(known)
    const from = known !== undefined && known.position < upTo ? { from: known } : {}
    const conversation = await readConversation(this.#engine, sessionId, { ...from, upTo })
    if (known === undefined || known.position < upTo) this.#keep(sessionId, conversation)
    return messagesOf(conversation)
  }

  forget(sessionId: string): void {
    this.#sessions.delete(sessionId)
  }

  #keep(sessionId: string, conversation: Conversation): void {
    this.#sessions.delete(sessionId)
    this.#sessions.set(sessionId, conversation)
    if (this.#sessions.size <= keptSessions) return
    for (const oldest of this.#sessions.keys()) return void this.#sessions.delete(oldest)
  }
}
