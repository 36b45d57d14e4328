import type { Logger, RunMetrics } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import type { EngineStepRun } from './definition.ts'
import { liveMetrics } from './live-metrics.ts'
import type { Cancellation } from './signal.ts'

/**
 * What the body of an effect gets. A class, because most bodies read little of it: what costs something is made
 * when it is asked for.
 */
export class StepRunContext implements EngineStepRun {
  readonly key: string
  readonly attempt: number
  readonly log: Logger
  readonly #attempt: Attempt
  readonly #cancellation: Cancellation

  constructor(attempt: Attempt, key: string, number: number, cancellation: Cancellation) {
    this.#attempt = attempt
    this.#cancellation = cancellation
    this.key = key
    this.attempt = number
    this.log = attempt.log
  }

  get idempotencyKey(): string {
    return `${this.#attempt.identity.runId}:${this.key}`
  }

  get metrics(): RunMetrics {
    return liveMetrics(this.#attempt)
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal
  }

  abort(reason: unknown): void {
    this.#cancellation.abort(reason)
  }
}
