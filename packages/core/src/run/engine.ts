import type { WriterDeps } from '../feed/writer.ts'
import type { Blobs, Leases, Logger, Store } from '../ports/index.ts'
import type { Definition } from './definition.ts'
import type { RunHead } from './heads.ts'
import type { LiveRuns } from './live-runs.ts'
import type { MemoryUse } from './run-memory.ts'
import type { EngineObserver } from './observer.ts'
import type { Places } from './places.ts'

/** Times of the engine. Tests of one rule may shorten one; applications have no reason to. */
export interface EngineTiming {
  /** How long a lease lives without being renewed. */
  readonly leaseTtlMs: number
  /** How often it is renewed: three chances before it expires. */
  readonly leaseRenewMs: number
  /** How often the inbox of a run is read where commands may come from other processes. */
  readonly inboxPollMs: number
  /** How long a run must be at rest before it suspends, so that short raw awaits do not end an attempt. */
  readonly suspendGraceMs: number
  /** How long a replay may stand still before it counts as diverged. */
  readonly replayIdleMs: number
  /** How long an aborted effect is waited for before its outcome counts as unknown. */
  readonly abortGraceMs: number
}

/** The timing that applications get. */
export const defaultTiming: EngineTiming = {
  leaseTtlMs: 10_000,
  leaseRenewMs: 3_000,
  inboxPollMs: 250,
  suspendGraceMs: 60,
  replayIdleMs: 10_000,
  abortGraceMs: 5_000,
}

/** What every run of one harness shares. */
export interface Engine extends WriterDeps {
  readonly store: Store
  readonly leases: Leases
  readonly blobs: Blobs
  readonly memory: MemoryUse | undefined
  readonly places: Places
  readonly logger: Logger
  /** Absent when telemetry is switched off. */
  readonly observer?: EngineObserver | undefined
  readonly timing: EngineTiming
  readonly live: LiveRuns
  /** Aborted when the harness shuts down. */
  readonly closing: AbortSignal
  /** Whether other processes may write to the store. */
  readonly shared: boolean
  /** Goes on with a run; given here because a suspended run waits for the moment to do so. */
  resume(head: RunHead, definition: Definition): Promise<unknown>
  /** The definition that a recorded target names, or `undefined` when this harness has none of that kind and name. */
  resolve(kind: string, name: string): Definition | undefined
}
