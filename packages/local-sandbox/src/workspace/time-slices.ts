/** How long work holds the event loop before others get their turn. */
const sliceMs = 8

/** Cuts long work of small system calls into slices: calls that wait for a thread each time take several times as long. */
export class TimeSlices {
  readonly #signal: AbortSignal | undefined
  #end = performance.now() + sliceMs

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** Whether it is time to `pause`. */
  get isOver(): boolean {
    return performance.now() > this.#end
  }

  /** Lets others run. Throws the reason of the signal. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#signal?.throwIfAborted()
    this.#end = performance.now() + sliceMs
  }
}
