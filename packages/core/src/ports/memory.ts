/**
 * Port: memory. Small JSON values under keys, in scopes that do not see each other, beyond one run.
 *
 * Words: a *scope* is a kind and an id; both are opaque, and two scopes are one only when both are equal. A *record*
 * is what a key of a scope holds. *Expired* is a record whose `expiresAt` is not after the store's clock.
 *
 * What an implementation must hold:
 * - Each call is atomic: a record is the old one or the new one, whole, for every reader.
 * - What `set` or `delete` acknowledged is seen by every call that begins later, also through another object over
 *   the same place when the adapter declares `store.multi-process`.
 * - Scopes are isolated. No method gives, counts, finds or changes a record of a scope other than the one it is given.
 * - Ids, keys, tags and values are taken literally: every well-formed text is a name like any other, `__proto__`, NUL,
 *   `%`, `_`, quotes and look-alikes included. Names that differ in one code point are different.
 * - Values are copied on the way in and on the way out. What is read is deeply equal to what was written.
 * - An expired record is never given, found or counted, and is no obstacle to a new one. An adapter removes expired
 *   records on the way, a bounded number with each write.
 * - Time is the store's, never the caller's.
 *
 * Capabilities, in `info` of the adapter or of the store that the memory is a part of:
 * - `memory.ttl`: `set` takes `ttlMs`.
 * - `memory.search`: `search` is there.
 * - `memory.scope.<kind>`: the kinds that it takes; none of these declared means all of them.
 * Core refuses what is not declared before it asks, so an adapter need not.
 *
 * What is not promised: a transaction over several keys; that a call of a process that lost its run is refused; that one of two concurrent writers wins rather than the
 * other; notice of changes; an order of `search` results of equal score; when the room of an expired record is freed.
 */

import type { Configurable } from './configure.ts'
import type { Json, JsonObject } from './json.ts'
import type { AdapterInfo } from './spec.ts'

export { isCodedError, PortError, storeErrorCodes } from './errors.ts'
export type { Json, JsonObject } from './json.ts'
export type { AdapterInfo } from './spec.ts'

/** Whose memory it is. */
export type MemoryScopeKind = 'run' | 'session' | 'agent' | 'user' | 'tenant'

/** One memory. Opaque to the adapter: it compares both parts and interprets neither. */
export interface MemoryScope {
  readonly kind: MemoryScopeKind
  /** 1 to 512 UTF-16 units. */
  readonly id: string
}

/** What a key holds. Times are milliseconds since the epoch by the store's clock. */
export interface MemoryRecord {
  /** 1 to 512 UTF-16 units. */
  readonly key: string
  readonly value: Json
  /** In the order in which they were written. */
  readonly tags: readonly string[]
  readonly metadata: JsonObject
  /** When the key was first set since it was last absent or expired. */
  readonly createdAt: number
  readonly updatedAt: number
  /** Absent: it stays. */
  readonly expiresAt?: number
}

/** What `set` stores. */
export interface MemoryWrite {
  readonly value: Json
  readonly tags?: readonly string[]
  readonly metadata?: JsonObject
  /** Milliseconds over 0 from now on; absent: it stays, also when the record before it was to expire. */
  readonly ttlMs?: number
}

/** Which records `list` gives. */
export interface MemoryListQuery {
  /** Records whose key begins with exactly this; no character of it is a wildcard. */
  readonly prefix?: string
  /** 1 to 1,000. Default 100. */
  readonly limit?: number
  /** From the page before; opaque. */
  readonly cursor?: string
}

/** A part of a list. */
export interface MemoryPage {
  /** By key, in the order of Unicode code points. */
  readonly records: readonly MemoryRecord[]
  /** Where to go on; absent when there was nothing after the last record. */
  readonly cursor?: string
}

/** What `search` looks for. */
export interface MemorySearchQuery {
  /**
   * Words are what `wordsOf` makes of it: letters and digits, in any case. Everything else separates. At most 1,000
   * UTF-16 units: each word costs a look.
   */
  readonly text: string
  /** 1 to 1,000. Default 10. */
  readonly limit?: number
}

/** A record that was found. */
export interface MemoryMatch {
  readonly record: MemoryRecord
  /** Greater is better; comparable within one answer only. */
  readonly score: number
}

/** The port. */
export interface Memory {
  /**
   * The record of a key; `undefined` when there is none or it has expired.
   * Throws: any `store/*`, `store/corrupt` when the record does not match what was written; `TypeError` for a
   * scope or key that is not of the form above.
   */
  get(scope: MemoryScope, key: string): Promise<MemoryRecord | undefined>

  /**
   * Puts a record in the place of the one before, whole: tags, metadata and time to live are not kept from it. Gives
   * the record as it will be read. Repeating it changes only the times. Concurrent calls for one key come one after
   * the other in some order.
   * Throws: any `store/*`, nothing is written then unless the code is `store/io`; `TypeError` for what is not of the
   * form above, a value that is not JSON included.
   */
  set(scope: MemoryScope, key: string, write: MemoryWrite): Promise<MemoryRecord>

  /**
   * Removes a record. Whether there was one that had not expired; repeating it gives false.
   * Throws: any `store/*`; `TypeError` as `get`.
   */
  delete(scope: MemoryScope, key: string): Promise<boolean>

  /**
   * Records of one scope in the order of their keys. A walk with cursors gives no key twice and leaves out no record
   * that was there from its beginning to its end, whatever is written meanwhile; what is added or removed meanwhile may
   * or may not be seen.
   * Throws: any `store/*`; `TypeError` for a cursor that this adapter did not give, a limit out of range, or a scope
   * as `get`.
   */
  list(scope: MemoryScope, query?: MemoryListQuery): Promise<MemoryPage>

  /**
   * Records of one scope with every word of the text somewhere in their key, tags or the strings of their value, best
   * first. A text without words finds nothing. What `set` acknowledged is found at once.
   * Throws: any `store/*`; `TypeError` as `list`.
   */
  search?(scope: MemoryScope, query: MemorySearchQuery): Promise<readonly MemoryMatch[]>
}

/** What an application passes as `memory`: an adapter of its own, beside the store's. */
export interface MemoryAdapter extends Memory, Configurable {
  readonly info: AdapterInfo
  /** Finishes what is under way and frees every resource. Idempotent. */
  close?(): Promise<void>
}
