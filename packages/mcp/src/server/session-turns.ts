import { abortable } from '../auth/abortable.ts'

/** Lets calls that share a session run one after the other: a session has one run at a time. */
export class SessionTurns {
  readonly #tails = new Map<string, Promise<void>>()

  /** Runs `work` when those before it in the session have ended. Throws `signal.reason` while it waits. */
  async take<T>(sessionId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(sessionId) ?? Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    const tail = before.then(() => promise)
    this.#tails.set(sessionId, tail)
    try {
      await abortable(before, signal)
      return await work()
    } finally {
      resolve()
      void tail.then(() => this.#tails.get(sessionId) === tail && this.#tails.delete(sessionId))
    }
  }
}
