/**
 * The signal of whoever made a call, followed from before anything of the call is counted: a signal that cannot be
 * listened to then refuses the call, and nothing has to be given back.
 */
export class CallerSignal {
  readonly #signal: AbortSignal
  readonly #listener = (): void => this.#onAbort?.(this.#signal.reason)
  #onAbort: ((reason: unknown) => void) | undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this.#listener, { once: true })
  }

  /** Calls `onAbort` on abort, at once when it has happened. */
  listen(onAbort: (reason: unknown) => void): void {
    this.#onAbort = onAbort
    if (this.#signal.aborted) onAbort(this.#signal.reason)
  }

  stop(): void {
    this.#onAbort = undefined
    this.#signal.removeEventListener('abort', this.#listener)
  }
}
