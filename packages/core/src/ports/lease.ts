/**
 * Port: leases. Who may write now.
 *
 * A lease is a key that at most one owner holds until it expires by the *store's* clock. Each new
 * holder gets a token that is greater than every token of that key before it, also after releases,
 * expiries and reopening; the journal checks the token in the transaction of each write. So a holder
 * that was stopped and comes back cannot write.
 *
 * What is not promised: that a holder knows at once that it lost its lease (it knows when it renews or
 * writes); fairness between waiting owners. Losing all leases loses no history: the journal is the
 * truth, leases only elect a writer. The tokens must survive, though.
 */

export { isCodedError, PortError, storeErrorCodes } from './errors.ts'

/** A lease as its holder or an onlooker sees it. */
export interface LeaseState {
  /** Opaque to the store; at most 512 characters. Unique to one holder. */
  readonly owner: string
  readonly token: number
  /** Milliseconds since the epoch by the store's clock. */
  readonly expiresAt: number
  /** How long it still lives by the store's clock. Holders add this to their own monotonic clock. */
  readonly remainingMs: number
}

/** Either the new lease, or who has it. */
export type AcquireResult =
  | { readonly acquired: true; readonly lease: LeaseState }
  | { readonly acquired: false; readonly holder: LeaseState }

/** The port. */
export interface Leases {
  /**
   * Takes the lease when nobody holds it or it has expired. Atomic: of any number of callers exactly one
   * acquires. An owner that already holds it does not acquire again: it gets `acquired: false`.
   * Throws: any `store/*`; `TypeError` when `ttlMs` is not a positive number.
   */
  acquire(key: string, owner: string, ttlMs: number): Promise<AcquireResult>

  /**
   * Extends a lease to `ttlMs` from now. `undefined` when `token` is not the current one or the lease
   * has expired, even if nobody else took it: an expired holder cannot renew.
   * Throws: any `store/*`.
   */
  renew(key: string, token: number, ttlMs: number): Promise<LeaseState | undefined>

  /**
   * Gives a lease up. Idempotent: false when `token` is not the current, live one.
   * Throws: any `store/*`.
   */
  release(key: string, token: number): Promise<boolean>

  /**
   * Ends the lease of an owner that the caller knows to be dead, before it expires. True only when
   * `deadOwner` still held it; then the next `acquire` takes it. Atomic, so that two callers that saw the
   * same dead owner cannot end the lease of its successor.
   * Throws: any `store/*`.
   */
  reclaim(key: string, deadOwner: string): Promise<boolean>

  /** The live lease of a key, or `undefined`. Throws: any `store/*`. */
  get(key: string): Promise<LeaseState | undefined>
}
