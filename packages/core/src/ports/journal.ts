/**
 * Port: journal. The append-only truth.
 *
 * A journal is a set of streams, each an ordered list of entries with dense positions from 1. Beside
 * its entries a stream can have one *head*: a small row that is replaced as a whole and can be
 * queried. The journal knows nothing about runs, agents or sessions; names, types and data are the
 * caller's.
 *
 * What an implementation must hold:
 * - **Atomicity.** A batch is applied whole or not at all: entries of all its streams, heads, drops
 *   and the release of its lease. A crash at any moment leaves the state before or after it.
 * - **Durability.** When `append` resolves, the batch survives the death of the process; a store with
 *   the capability `store.persistent` also survives the loss of power.
 * - **Order.** Positions of a stream are dense and grow in commit order. A reader that has seen
 *   position n never later sees a new entry at or below n.
 * - **Isolation.** Values read are equal to the values written and share no memory with them.
 * - **Concurrency.** Any number of calls may be in flight, from any number of processes where the
 *   store says `store.multi-process`. Batches of one caller that are in flight together may commit
 *   in any order; a caller that needs an order awaits.
 *
 * What is not promised: that a rejected `append` with a `store/*` code wrote nothing (the caller sends
 * the same batch id again or reads); fairness between writers; any order between different streams;
 * notifications of new entries (readers in the same process are woken by core, others poll).
 */

import type { Json } from './json.ts'

export type { Json, JsonObject } from './json.ts'
export { isCodedError, journalErrorCodes, PortError, storeErrorCodes } from './errors.ts'

/** One entry to append. */
export interface EntryInput {
  /** `noun.verb`, at most 64 characters. */
  readonly type: string
  /** Milliseconds since the epoch by the writer's clock. Not part of a batch's content. */
  readonly at: number
  readonly data: Json
}

/** One entry as read. */
export interface Entry extends EntryInput {
  /** Dense from 1 in its stream. */
  readonly position: number
}

/** The queryable row of a stream. */
export interface Head {
  /** The stream that it belongs to; at most one head each. */
  readonly stream: string
  /** What sort of stream this is, for queries. */
  readonly kind: string
  /** What it belongs to, for queries. */
  readonly group: string
  /** Where it stands, for queries. */
  readonly state: string
  /** Milliseconds since the epoch by the writer's clock: when somebody should look at it. */
  readonly dueAt?: number
  /** The lease key that guards this stream; `unowned` joins on it. */
  readonly leaseKey?: string
  /** Milliseconds since the epoch by the writer's clock. */
  readonly updatedAt: number
  /** Small: at most 8 KiB as JSON. */
  readonly data: Json
}

/** Proof of ownership that is checked inside the transaction of the batch. */
export interface Fence {
  readonly leaseKey: string
  /** The token that `acquire` gave. */
  readonly token: number
  /** Give the lease up in the same batch. */
  readonly release?: boolean
}

/** What `append` applies. */
export interface Batch {
  /** At most 128 characters, unique to this content; ULID-like ids keep indexes compact. */
  readonly id: string
  readonly fence?: Fence
  /** Last positions that must hold (0: the stream has no entry). May name streams not written here. */
  readonly expect?: readonly { readonly stream: string; readonly position: number }[]
  readonly entries?: readonly { readonly stream: string; readonly entries: readonly EntryInput[] }[]
  /** Each replaces the head of its stream. */
  readonly heads?: readonly Head[]
  /** Streams that vanish with their entries and head. Applied before entries and heads. */
  readonly drop?: readonly string[]
}

/** The last position of each stream that the batch appended to, an own property each; the object may have no prototype. */
export interface AppendResult {
  readonly positions: Readonly<Record<string, number>>
}

/** Which part of a stream to read. */
export interface ReadOptions {
  /** Only entries with a greater position. Default 0. */
  readonly after?: number
  /** At most this many, default 1,000. Fewer come back only when the stream ends there. */
  readonly limit?: number
}

/** Conditions are joined by *and*. */
export interface HeadQuery {
  readonly streams?: readonly string[]
  readonly kind?: string
  readonly group?: string
  readonly states?: readonly string[]
  /** Only heads with a `dueAt` at or before this. */
  readonly dueBefore?: number
  /** Only heads whose `leaseKey` has no live lease, by the store's clock; a head without a `leaseKey` counts as unowned. */
  readonly unowned?: boolean
  /** Only heads with `updatedAt` before this. */
  readonly updatedBefore?: number
  /** Only streams that sort after this name (by UTF-16 code units of plain ASCII names). */
  readonly after?: string
  /** At most this many, default 1,000. */
  readonly limit?: number
}

/** The port. */
export interface Journal {
  /**
   * Applies a batch. Checked in this order, with nothing written when one fails:
   * 1. *id*: a batch with this id was applied before. With equal content its first result comes back
   *    and nothing is written; with other content it is `journal/conflict`. Equal content means equal
   *    streams, types and data of its entries in order; times, fence, `expect`, heads and drops do not
   *    count. An id is remembered until every stream that it appended to was dropped; a batch without
   *    entries is not remembered.
   * 2. *fence*: the lease is live by the store's clock and `token` is its current one, else
   *    `journal/fenced`.
   * 3. *expect*: every named stream ends at the position given, else `journal/conflict`, with
   *    `meta.stream`, `meta.expected` and `meta.actual`.
   *
   * Appending to a stream that was dropped starts it anew at 1.
   * Throws: `journal/conflict`, `journal/fenced`, any `store/*`; `TypeError` on an empty stream name,
   * a name over 200 characters or a head over its size.
   */
  append(batch: Batch): Promise<AppendResult>

  /**
   * Entries of one stream in order. A stream that does not exist reads as empty. Every entry is
   * verified against its checksum.
   * Throws: `store/corrupt` (with `meta.stream` and `meta.position`), any other `store/*`.
   */
  read(stream: string, options?: ReadOptions): Promise<readonly Entry[]>

  /**
   * Heads that match, in ascending order of their stream's name. A snapshot: all rows come from one
   * moment.
   * Throws: any `store/*`.
   */
  heads(query: HeadQuery): Promise<readonly Head[]>
}
