import type { Platform, Timer } from '../ports/index.ts'

/**
 * Notices that something stands still: nothing touched the watch for a time. Time in which `isWorking` holds
 * does not count. One timer is armed anew only when it fires, because a touch may come with every step of a
 * replay or every delta of a stream.
 */
export class IdleWatch {
  readonly #platform: Platform
  readonly #idleMs: number
  readonly #host: { isWorking(): boolean; expired(): void }
  #touchedAt = 0
  #timer: Timer | undefined
  #stopped = false

  constructor(platform: Platform, idleMs: number, host: { isWorking(): boolean; expired(): void }) {
    this.#platform = platform
    this.#idleMs = idleMs
    this.#host = host
  }

  touch(): void {
    if (this.#stopped) return
    this.#touchedAt = this.#platform.monotonic()
    if (this.#timer === undefined) this.#arm(this.#idleMs)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(delayMs: number): void {
    this.#timer = this.#platform.timer(delayMs, () => this.#check())
  }

  #check(): void {
    this.#timer = undefined
    if (this.#stopped) return
    if (this.#host.isWorking()) this.#touchedAt = this.#platform.monotonic()
    const left = this.#touchedAt + this.#idleMs - this.#platform.monotonic()
    if (left > 0) this.#arm(left)
    else this.#host.expired()
  }
}
