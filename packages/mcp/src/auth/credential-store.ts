import type { JsonObject } from '@belay/core/ports'

/**
 * Where credentials are kept: tokens, and clients that were registered. Not the journal, which holds content that many
 * may read. A value is what the caller of `set` gave; the store does not look into it.
 *
 * `withLock` is what makes a refresh token that works once safe: whoever has the lock of a key refreshes, everybody
 * else waits and then reads what it wrote.
 */
export interface CredentialStore {
  /** `undefined` when there is none. Throws `tool-source/auth` with a `meta.reason` that begins with `credentials_`. */
  get(key: string): Promise<JsonObject | undefined>
  /** Resolves when it is kept: readers see the old value or the new one. Throws as `get`. */
  set(key: string, value: JsonObject): Promise<void>
  /** Deleting what is not there does nothing. Throws as `get`. */
  delete(key: string): Promise<void>
  /**
   * Runs `work` while nobody else, in any process that shares the store, has the lock of this key. Not reentrant. The
   * lock of a process that died is taken over. Throws `signal.reason` while it waits; `tool-source/auth` with reason
   * `credentials_locked` when the wait is too long; what `work` throws.
   */
  withLock<T>(key: string, work: () => Promise<T>, options?: { readonly signal?: AbortSignal }): Promise<T>
}
