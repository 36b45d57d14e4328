import type { Logger, RunMetrics } from '../ports/index.ts'
import type { StepSandbox } from './sandbox.ts'

/** What happens when an effect was started and its outcome is not known: run again, run again with the same key, or never. */
export type Effect = 'read' | 'idempotent' | 'once'

/** When and how often a failed step is tried again. */
export interface RetryPolicy {
  /** Counts the first attempt. Default 1. */
  readonly maxAttempts?: number
  /** Before the second attempt. Default 500 ms. */
  readonly minDelayMs?: number
  /** Default 8,000 ms. */
  readonly maxDelayMs?: number
  /** Default 2. */
  readonly factor?: number
  /** Whether each wait is a random part of itself (half to whole). Default true. */
  readonly jitter?: boolean
  /** Default: every failure but aborts. */
  readonly retryOn?: (error: unknown) => boolean
  /** Overrides the computed wait; `undefined` keeps it, `Infinity` gives up. */
  readonly delayFor?: (error: unknown, computedMs: number) => number | undefined
}

/** What a step's body gets. */
export interface StepRun {
  /** Path that names this step in its run, as events name it. */
  readonly key: string
  /** The same for every attempt of this step, in every process. */
  readonly idempotencyKey: string
  readonly attempt: number
  readonly signal: AbortSignal
  /** Files and commands. Throws a `TypeError` in a step that did not say `workspace`. */
  readonly sandbox: StepSandbox
  readonly log: Logger
  /** Measurements of the application; see `RunMetrics`. */
  readonly metrics: RunMetrics
}

/** The outcome that `reconcile` found. */
export type Reconciled<T> = { readonly done: T } | 'unknown'
