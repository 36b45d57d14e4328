import { PortError, storeErrorCodes } from '../ports/errors.ts'
import { createHeadIndex } from './in-memory-head-index.ts'
import type { HeadIndex } from './in-memory-head-index.ts'
import type { MemoryShelf, StoredMemory } from './in-memory-memory.ts'

/** An entry as kept: `text` is its data as JSON, so that no reader shares memory with the writer. */
export interface StoredEntry {
  readonly type: string
  readonly at: number
  readonly text: string
}

/**
 * What one batch wrote to one stream, remembered so that the batch is applied once. One object and no lists: a store
 * keeps some for each run that it has seen.
 */
export interface StoredWrite {
  readonly batchId: string
  readonly streamName: string
  readonly count: number
  /** The position of the last entry. */
  readonly end: number
  /** The next write of the same batch. */
  next: StoredWrite | undefined
  /** The write of the same stream before this one. */
  before: StoredWrite | undefined
  /** What was written, kept here once the stream was dropped while another one of the batch lives. */
  dropped: readonly StoredEntry[] | undefined
}

/** A stream that has entries. */
export interface StoredStream {
  readonly entries: StoredEntry[]
  /** The last write, from which the earlier ones are found, for forgetting batches when the stream is dropped. */
  lastWrite: StoredWrite | undefined
}

/** A lease that was neither released nor reclaimed; it may have expired. */
export interface StoredLease {
  readonly owner: string
  readonly token: number
  readonly expiresAt: number
}

/** A blob and when it was last put. */
export interface StoredBlob {
  readonly bytes: Uint8Array
  readonly touchedAt: number
}

/** Everything that one in-memory store holds. */
export interface InMemoryState {
  readonly clock: () => number
  readonly streams: Map<string, StoredStream>
  /** The first write of each batch that is remembered. */
  readonly batches: Map<string, StoredWrite>
  readonly heads: HeadIndex
  readonly leases: Map<string, StoredLease>
  readonly blobs: Map<string, StoredBlob>
  readonly memory: {
    /** By scope. */
    readonly shelves: Map<string, MemoryShelf>
    /** Records that expire, those to be looked at next first. */
    readonly expiring: Set<StoredMemory>
  }
  /** One counter for all keys: tokens of a key grow although released leases leave nothing behind. */
  lastToken: number
  closed: boolean
}

/** An empty store. */
export function createState(clock: () => number): InMemoryState {
  return {
    clock,
    streams: new Map(),
    batches: new Map(),
    heads: createHeadIndex(),
    leases: new Map(),
    blobs: new Map(),
    memory: { shelves: new Map(), expiring: new Set() },
    lastToken: 0,
    closed: false,
  }
}

/** Throws `store/closed` after `close`. */
export function requireOpen(state: InMemoryState): void {
  if (state.closed)
    throw new PortError({ code: storeErrorCodes.closed, message: 'The in-memory store is closed' })
}

/** The lease of a key if it has not expired. */
export function liveLease(state: InMemoryState, key: string): StoredLease | undefined {
  const lease = state.leases.get(key)
  return lease !== undefined && lease.expiresAt > state.clock() ? lease : undefined
}
