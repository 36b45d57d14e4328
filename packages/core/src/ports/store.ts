/**
 * A store is one object that fills the ports journal, lease and blobs, and memory where it has one, over one place, because the fence
 * of a lease is checked inside the journal's transaction.
 */

import type { Configurable } from './configure.ts'
import type { Blobs } from './blobs.ts'
import type { Journal } from './journal.ts'
import type { Leases } from './lease.ts'
import type { Memory } from './memory.ts'
import type { AdapterInfo } from './spec.ts'

export type { Blobs } from './blobs.ts'
export type { Journal } from './journal.ts'
export type { Leases } from './lease.ts'
export type { Memory } from './memory.ts'

/** What an application passes as `store`. */
export interface Store extends Configurable {
  readonly info: AdapterInfo
  readonly journal: Journal
  readonly leases: Leases
  readonly blobs: Blobs
  /** Absent: the application gives a memory of its own, or has none. */
  readonly memory?: Memory
  /** How many finished runs core keeps before it drops the oldest; absent: all of them. */
  readonly keepFinishedRuns?: number
  /** Finishes what is under way and frees every resource. Idempotent. Later calls throw `store/closed`. */
  close(): Promise<void>
}
