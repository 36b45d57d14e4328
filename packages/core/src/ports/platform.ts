/**
 * Port: platform. Time, randomness, identity and scheduling, so that tests can hold all of them still.
 * Nothing in core reads a clock or sets a timer by itself.
 *
 * No method throws. What is not promised: that timers fire on time; that `now` never jumps (use
 * `monotonic` for durations).
 */

import type { Configurable } from './configure.ts'
import type { AdapterInfo } from './spec.ts'

/** A timer that can be taken back. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void
}

/** Options of a timer. */
export interface TimerOptions {
  /** Whether this timer keeps the process alive. Default: true. */
  readonly keepAlive?: boolean
}

/** What is known of the process behind a lease. */
export type OwnerLiveness = 'alive' | 'dead' | 'unknown'

/** The port. */
export interface Platform extends Configurable {
  readonly info: AdapterInfo
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds that only grow, from an arbitrary start. */
  monotonic(): number
  /** Calls `fire` once, not before `delayMs` from now; any delay up to 2^53 works, also beyond 2^31. */
  timer(delayMs: number, fire: () => void, options?: TimerOptions): Timer
  /**
   * Calls `run` in a later macrotask, after every microtask that is queued now, without the delay of a
   * timer. Calls come in the order in which they were asked for.
   */
  macrotask(run: () => void): void
  /** A number in [0, 1). Not for secrets. */
  random(): number
  /** A new ULID: 26 characters, sorting by time, growing within one process also in one millisecond. */
  id(): string
  /**
   * Names this process so that another process of the same host can tell whether it still lives: boot id,
   * pid namespace, pid and start time. At most 400 characters.
   */
  owner(): string
  /** What is known of the process that `owner` names. `unknown` when it is of another host. */
  liveness(owner: string): OwnerLiveness
}
