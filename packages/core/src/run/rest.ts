import { isCodedError, type Timer } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import type { ProgramEnd } from './attempt-end.ts'
import { settle, suspend } from './settle.ts'

/**
 * Decides what happens when nothing moves: the run ends, suspends, or simply waits for user code. Called a
 * macrotask after the last result was handed back.
 */
export class RestWatch {
  readonly #attempt: Attempt
  #grace: { readonly stamp: number; readonly timer: Timer } | undefined
  #closing = false

  #settling = false

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  /** Whether the outcome is being written, so that no other end counts any more. */
  get settling(): boolean {
    return this.#settling
  }

  check(): void {
    const { program, forced, openScopes, parked } = this.#attempt
    if (this.#closing || this.#attempt.over || !this.#isQuiet()) return
    const failed = program !== undefined && program.outcome !== 'succeeded'
    const inFlight = openScopes + parked.size
    if (program !== undefined && (failed || inFlight === 0) && (forced || this.#isReplayed())) {
      this.#closing = true
      this.#settling = true
      void this.#settle(program)
      return
    }
    if (!failed && this.#isReplayed() && this.#isBlocked()) this.#armGrace()
  }

  stop(): void {
    this.#grace?.timer.cancel()
    this.#grace = undefined
  }

  /** No step, retry, write or engine I/O is under way. */
  #isQuiet(): boolean {
    return this.#attempt.busy === 0 && this.#attempt.writer.idle
  }

  /** Something can only go on when a command or a time comes. */
  #isBlocked(): boolean {
    return this.#attempt.waiting > 0 || this.#attempt.parked.size > 0
  }

  #isReplayed(): boolean {
    const { releases } = this.#attempt
    return releases.open && releases.drained && !releases.holding
  }

  #armGrace(): void {
    const { releases, platform, engine } = this.#attempt
    const stamp = releases.stamp
    if (this.#grace?.stamp === stamp) return
    this.stop()
    const timer = platform.timer(engine.timing.suspendGraceMs, () => {
      this.#grace = undefined
      if (releases.stamp === stamp && !this.#closing && !this.#attempt.over) this.#trySuspend()
    })
    this.#grace = { stamp, timer }
  }

  #trySuspend(): void {
    const { program } = this.#attempt
    if (!this.#isQuiet() || !this.#isReplayed() || !this.#isBlocked()) return
    if (program !== undefined && program.outcome !== 'succeeded') return
    this.#closing = true
    void this.#suspend()
  }

  /** A command that came after the inbox was read makes the batch fail; then the run goes on. */
  async #suspend(): Promise<void> {
    const attempt = this.#attempt
    const inboxPosition = attempt.inbox.position
    attempt.releases.pause()
    try {
      await suspend(attempt, inboxPosition)
      attempt.finish({ end: 'suspended', inboxPosition })
    } catch (error) {
      if (!isCodedError(error, 'journal/conflict')) return attempt.stop(error)
      await this.#goOn()
    }
  }

  async #goOn(): Promise<void> {
    const attempt = this.#attempt
    this.#closing = false
    attempt.releases.resume()
    try {
      await attempt.inbox.read()
    } catch (error) {
      attempt.fault(error)
    }
  }

  /** A signal that comes now is too late: nothing is written beside the outcome. */
  async #settle(program: ProgramEnd): Promise<void> {
    const attempt = this.#attempt
    attempt.releases.pause()
    attempt.waits.clear()
    try {
      const written = await settle(attempt, program)
      attempt.finish({ end: 'settled', program: written })
    } catch (error) {
      attempt.stop(error)
    }
  }
}
