import { systemClock } from '../platform/system-clock.ts'
import { portSpecs } from '../ports/spec.ts'
import type { Store } from '../ports/store.ts'
import { coreVersion } from '../version.ts'
import { inMemoryBlobs } from './in-memory-blobs.ts'
import { createHeadIndex } from './in-memory-head-index.ts'
import { inMemoryJournal } from './in-memory-journal.ts'
import { inMemoryLeases } from './in-memory-leases.ts'
import { inMemoryMemory } from './in-memory-memory.ts'
import { createState } from './in-memory-state.ts'

/** Keeps a long-lived process bounded while the runs of an afternoon stay inspectable. */
const defaultKeptRuns = 1_000

/** Options of `inMemoryStore`. */
export interface InMemoryStoreOptions {
  /** The store's clock: leases expire and blobs age by it. Default: the machine's. */
  readonly clock?: () => number
  /** How many finished runs core keeps. Default 1,000. */
  readonly keepFinishedRuns?: number
}

/** A store that lives and dies with this object. The default of a harness that names no store. */
export function inMemoryStore(options: InMemoryStoreOptions = {}): Store {
  const state = createState(options.clock ?? systemClock)
  return {
    info: {
      id: 'in-memory',
      packageName: '@belay/core',
      version: coreVersion,
      specs: {
        journal: portSpecs.journal,
        lease: portSpecs.lease,
        blobs: portSpecs.blobs,
        memory: portSpecs.memory,
      },
      capabilities: ['memory.ttl', 'memory.search'],
    },
    journal: inMemoryJournal(state),
    leases: inMemoryLeases(state),
    blobs: inMemoryBlobs(state),
    memory: inMemoryMemory(state),
    keepFinishedRuns: options.keepFinishedRuns ?? defaultKeptRuns,
    close: async () => {
      if (state.closed) return
      state.closed = true
      const { shelves, expiring } = state.memory
      const kept = [state.streams, state.batches, state.leases, state.blobs, shelves, expiring]
      for (const each of kept) each.clear()
      Object.assign(state.heads, createHeadIndex())
    },
  }
}
