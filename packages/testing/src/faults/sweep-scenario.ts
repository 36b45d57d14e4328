import type { Json, Platform, Store } from '@belay/core/ports'
import type { StorePlace } from '../contract/store-place.ts'

/** What one attempt of a scenario works with: a process of its own. */
export interface SweepContext {
  /** A fresh store object over the scenario's place. */
  readonly store: Store
  /** A process with an owner of its own, which sees killed owners as dead. */
  readonly platform: Platform
  /** Counts from 1; every attempt after a crash is the next one. */
  readonly attempt: number
  /** Called by the body of a step with its key in the journal. */
  witness(key: string): void
}

/** A scenario as data. The same `run` starts it and, after a crash, continues it under the same run ids. */
export interface SweepScenario {
  readonly name: string
  /** Streams that hold runs, for example `run/1`: each must end in exactly one final outcome. */
  readonly runs: readonly string[]
  /** Other streams whose entries must be the same, by type, as undisturbed, for example `session/1`. */
  readonly streams?: readonly string[]
  place(): Promise<Pick<StorePlace, 'open' | 'close'>>
  run(context: SweepContext): Promise<Json>
  /** More that must hold at the end; throws when it does not. */
  check?(facts: SweepFacts): void | Promise<void>
}

/** What `check` may look at. */
export interface SweepFacts {
  readonly store: Store
  readonly output: Json
  /** Keys that each attempt witnessed, in order. */
  readonly witnessed: readonly (readonly string[])[]
}

/** Where an attempt was killed: at its store call `call`, before or after it took effect. */
export interface SweepCrash {
  readonly call: number
  readonly side: 'before' | 'after'
}

/** A promise that did not hold. */
export interface SweepViolation {
  /** The crashes that led here, one per attempt; empty when the undisturbed run itself is wrong. */
  readonly crashes: readonly SweepCrash[]
  readonly problem: string
}

/** What a sweep found. */
export interface SweepReport {
  readonly name: string
  readonly seed: number
  /** Boundaries that were crashed at: two for each store call of the undisturbed run. */
  readonly boundaries: number
  /** Attempts that were run, the undisturbed one included. */
  readonly runs: number
  /** Kills that took place. */
  readonly crashes: number
  readonly violations: readonly SweepViolation[]
}

/** Options of `crashSweep`. */
export interface CrashSweepOptions {
  /** Default 1. */
  readonly seed?: number
  /** Crash again, at a boundary chosen by the seed, while the first crash is recovered from. Default: false. */
  readonly again?: boolean
  /**
   * Makes the platform below each schedule. Default: a manual one, which is moved from timer to timer. One that
   * is given runs by itself.
   */
  readonly platform?: () => Platform
  /** Real milliseconds after which an attempt counts as hanging. Default 30,000. */
  readonly ceilingMs?: number
  /** Stop after so many violations. Default 10. */
  readonly maxViolations?: number
  /** Receives one line with name, seed and counts. Default: none. */
  readonly print?: (line: string) => void
}
