import type { Timer } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import type { Cancellation } from './signal.ts'

/** The time in which one exclusive effect acts. */
export interface ExclusiveTurn {
  /** Takes note of the code that acts, and gives it back. */
  follow<T>(body: T): T
  /** The next one may act once that code has ended. */
  leave(): void
}

/**
 * Effects of one attempt that must not overlap, wherever in the run they were asked for. Each waits for those that
 * came before it. What waits is work under way, so the run is not at rest; nothing of it is recorded, because a
 * replay asks for the same effects and those without a record wait again.
 */
export class ExclusiveSteps {
  readonly #attempt: Attempt
  /** In the order of their coming. */
  readonly #waiting = new Set<() => void>()
  #taken = false

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  /** `undefined` when the effect was aborted before its turn. */
  enter(cancellation: Cancellation): Promise<ExclusiveTurn | undefined> {
    return new Promise((resolve) => {
      if (cancellation.aborted) return resolve(undefined)
      const begin = (): void => {
        this.#taken = true
        resolve(this.#turn())
      }
      if (!this.#taken) return begin()
      const next = (): void => {
        stopListening()
        begin()
      }
      this.#waiting.add(next)
      const stopListening = cancellation.onAbort(() => {
        this.#waiting.delete(next)
        resolve(undefined)
      })
    })
  }

  #turn(): ExclusiveTurn {
    let acting: Promise<unknown> | undefined
    return {
      follow: (body) => {
        const ended = Promise.allSettled([body]).then(() => {
          if (acting === ended) acting = undefined
        })
        acting = ended
        return body
      },
      leave: () => (acting === undefined ? this.#next() : this.#nextAfter(acting)),
    }
  }

  #next(): void {
    this.#taken = false
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      return next()
    }
  }

  /** An effect that took too long was told to end and may still be at it; one that ignores that is left behind. */
  #nextAfter(acting: Promise<unknown>): void {
    if (this.#attempt.over) return
    const { platform, engine } = this.#attempt
    let timer: Timer | undefined
    let left = false
    const forget = this.#attempt.whenOver(() => timer?.cancel())
    const leave = (): void => {
      if (left) return
      left = true
      timer?.cancel()
      forget()
      this.#next()
    }
    timer = platform.timer(engine.timing.abortGraceMs, leave)
    void acting.then(leave)
  }
}
