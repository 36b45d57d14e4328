import type { Logger, RunMetrics } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import type { StepSandbox } from '../define/sandbox.ts'
import type { EngineStepRun } from './definition.ts'
import { liveMetrics } from './live-metrics.ts'
import type { Cancellation } from './signal.ts'

/** The step whose body it is. */
export interface StepBody {
  readonly attempt: Attempt
  readonly key: string
  /** Of the executions of the body; counts from 1. */
  readonly number: number
  /** Throws for a step that did not say what it does with files. */
  sandbox(cancellation: Cancellation): StepSandbox
}

/**
 * What the body of an effect gets. A class, because most bodies read little of it: what costs something is made
 * when it is asked for.
 */
export class StepRunContext implements EngineStepRun {
  readonly key: string
  readonly attempt: number
  readonly log: Logger
  readonly #step: StepBody
  readonly #attempt: Attempt
  readonly #cancellation: Cancellation
  #sandbox: StepSandbox | undefined

  constructor(step: StepBody, cancellation: Cancellation) {
    const { attempt, key, number } = step
    this.#step = step
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

  get sandbox(): StepSandbox {
    return (this.#sandbox ??= this.#step.sandbox(this.#cancellation))
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal
  }

  abort(reason: unknown): void {
    this.#cancellation.abort(reason)
  }
}
