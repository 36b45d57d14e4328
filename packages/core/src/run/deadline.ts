import type { Timer } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import { timedOut } from './signal.ts'

/** The time limit of a run. It counts time under a lease over all attempts, and commands may add to it. */
export class Deadline {
  readonly #attempt: Attempt
  #timeoutMs: number
  #timer: Timer | undefined
  #armed = false

  constructor(attempt: Attempt) {
    this.#attempt = attempt
    const { started, extendedMs } = attempt.history
    this.#timeoutMs = started.timeoutMs > 0 ? started.timeoutMs + extendedMs : 0
  }

  /** The program begins. */
  arm(): void {
    this.#armed = true
    this.#restart()
  }

  extend(ms: number): void {
    if (this.#timeoutMs <= 0) return
    this.#timeoutMs += ms
    if (this.#armed) this.#restart()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #restart(): void {
    this.stop()
    const attempt = this.#attempt
    const limit = this.#timeoutMs
    if (limit <= 0 || attempt.over) return
    const left = Math.max(0, limit - attempt.history.activeMs - attempt.activeMs)
    this.#timer = attempt.platform.timer(left, () => {
      const error = timedOut('run', `The run "${attempt.identity.runId}"`, limit)
      attempt.endProgram({ outcome: 'failed', error }, { forced: true, reason: error })
    })
  }
}
