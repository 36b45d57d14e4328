import { HarnessError } from '../errors/harness-error.ts'
import { createDeltas } from '../feed/deltas.ts'
import type { Attempt } from './attempt.ts'
import type { AttemptEnd, ProgramEnd } from './attempt-end.ts'
import { cancelledError } from './settle.ts'

/**
 * One run as this process knows it, from the first attempt here to the end: the result that callers await,
 * the transient events, and the attempt under way, if any.
 */
export class LiveRun {
  readonly runId: string
  readonly sessionId: string
  readonly deltas = createDeltas()
  readonly #result = Promise.withResolvers<unknown>()
  readonly #done = Promise.withResolvers<void>()
  #attempt: Attempt | undefined
  #settled = false
  #awaited = false
  #readers = 0
  #onWanted: Set<() => void> | undefined

  constructor(runId: string, sessionId: string) {
    this.runId = runId
    this.sessionId = sessionId
    this.#result.promise.catch(() => undefined)
  }

  /** The output, or the error. Pending while the run is suspended. */
  get result(): Promise<unknown> {
    return this.#result.promise
  }

  /** Settles with the run; never rejects. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  get settled(): boolean {
    return this.#settled
  }

  /** The attempt under way in this process. */
  get attempt(): Attempt | undefined {
    return this.#attempt
  }

  /** Somebody awaits the result or reads the events, so that a suspended run keeps the process alive. */
  get wanted(): boolean {
    return this.#awaited || this.#readers > 0
  }

  /** Somebody awaits the result from now on. */
  want(): void {
    this.#awaited = true
    this.#tellWanted()
  }

  /** Somebody reads the events until the function that comes back is called. */
  read(): () => void {
    this.#readers++
    this.#tellWanted()
    return () => {
      this.#readers--
      this.#tellWanted()
    }
  }

  /** Calls `listener` when `wanted` may have changed; returns the function that ends it. */
  onWanted(listener: () => void): () => void {
    const onWanted = (this.#onWanted ??= new Set())
    onWanted.add(listener)
    return () => void onWanted.delete(listener)
  }

  #tellWanted(): void {
    for (const listener of this.#onWanted ?? []) listener()
  }

  /** Commands after this position of the inbox came after the run had suspended here. */
  inboxPosition = 0

  begin(attempt: Attempt): void {
    this.#attempt = attempt
    this.stopWatching?.()
  }

  /** Ends the watch of a suspended run; it starts anew when the run suspends again. */
  stopWatching: (() => void) | undefined

  /** An attempt is over; true when the run is, for this process. */
  attemptEnded(end: AttemptEnd): boolean {
    this.#attempt = undefined
    if (end.end === 'suspended') this.inboxPosition = end.inboxPosition
    if (end.end === 'settled') this.settle(end.program)
    if (end.end === 'stopped') this.fail(end.error)
    return this.#settled
  }

  settle(program: ProgramEnd): void {
    if (program.outcome === 'succeeded') return this.#close(() => this.#result.resolve(program.output))
    if (program.outcome === 'failed') return this.fail(program.error)
    this.fail(cancelledError(this.runId, program.reason))
  }

  fail(error: unknown): void {
    this.#close(() => this.#result.reject(error))
  }

  /** The harness goes away: an attempt stops without writing, and the run stays resumable. */
  abandon(): void {
    const error = new HarnessError({
      code: 'harness/closed',
      message: `The harness was shut down while the run "${this.runId}" was not finished; it can be resumed.`,
      meta: { runId: this.runId },
    })
    this.#attempt?.stop(error)
    this.fail(error)
  }

  #close(settleResult: () => void): void {
    if (this.#settled) return
    this.#settled = true
    settleResult()
    this.#done.resolve()
  }
}
