/**
 * Port: blobs. Large values, kept once by the hash of their content.
 *
 * What an implementation must hold: a blob is whole or absent; `put` of equal bytes gives the same ref
 * and stores them once; `get` verifies the content against the ref. A blob must be durable before the
 * promise of `put` resolves, because the journal entry that names it is written next.
 *
 * What is not promised: that a blob outlives a `sweep` that does not name it; any order of `put`s.
 */

export { isCodedError, PortError, storeErrorCodes } from './errors.ts'

/** What a sweep removed. */
export interface SweepResult {
  readonly removed: number
  readonly bytes: number
}

/** The port. */
export interface Blobs {
  /**
   * Stores bytes and returns their ref: `sha256:` and 64 lower-case hex digits. Idempotent. Refreshes the
   * blob's *touch* by the store's clock, also when it was there already.
   * Throws: any `store/*`.
   */
  put(bytes: Uint8Array): Promise<string>

  /**
   * The bytes, or `undefined` when there is no such blob.
   * Throws: `store/corrupt` when the bytes do not match the ref; any other `store/*`;
   * `TypeError` when `ref` is not of the form above.
   */
  get(ref: string): Promise<Uint8Array | undefined>

  /**
   * Removes every blob that is neither in `live` nor was touched within the last `graceMs` by the store's
   * clock. The touch is checked again in the transaction that removes, so that a blob that was put
   * meanwhile stays.
   * Throws: any `store/*`.
   */
  sweep(live: Iterable<string>, graceMs: number): Promise<SweepResult>
}
