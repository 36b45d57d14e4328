/**
 * What a harness tells its adapters when it is made. An adapter of any port may have `configure`; core calls it
 * once per harness and adapter object, however many roles the object fills, before anything of the harness reads
 * or writes. It must be synchronous and do no I/O: it takes what it needs and returns. What it throws refuses the
 * harness as `config/adapter`.
 *
 * What is not promised: the order in which adapters are configured; that an adapter which two harnesses share is
 * configured once.
 */

import type { Logger } from './logger.ts'
import type { Platform } from './platform.ts'
import type { Telemetry } from './telemetry.ts'

/** Limits of the harness that an adapter may want to know. Times in milliseconds; 0 is no limit. */
export interface AdapterDefaults {
  readonly runTimeoutMs: number
  readonly modelTimeoutMs: number
  readonly toolTimeoutMs: number
  readonly maxSteps: number
  /** Absent: all messages. */
  readonly historyWindow?: number
}

/** What `configure` gets. */
export interface AdapterContext {
  /** The name of the harness. */
  readonly harness: string
  /** Bound to the harness and the adapter's id. */
  readonly logger: Logger
  /** Where spans and metrics of the harness go; `undefined` when it is switched off. */
  readonly telemetry: Telemetry | undefined
  readonly platform: Platform
  readonly defaults: AdapterDefaults
}

/** The part of an adapter that a harness configures. */
export interface Configurable {
  configure?(context: AdapterContext): void
}
