import { PortError, storeErrorCodes } from '@belay/core/ports'
import { recordSum } from '../checksum.ts'
import type { CounterTable } from '../counter-table.ts'
import type { Database } from '../database/driver.ts'

/** A lease as stored; it may have expired. */
export interface StoredLease {
  readonly owner: string
  readonly token: number
  readonly expiresAt: number
}

/** Leases that were taken and not given up. */
export interface LeaseTable {
  get(key: string): StoredLease | undefined
  /** Gives the lease to a new holder with a new token. */
  take(key: string, owner: string, expiresAt: number): StoredLease
  extend(key: string, lease: StoredLease, expiresAt: number): StoredLease
  remove(key: string): void
  /** Compares every lease with its sum. A changed key would otherwise look like a lease that nobody holds. */
  verify(): void
}

function verified(key: string, owner: string, token: number, expiresAt: number, sum: number): StoredLease {
  const isShaped = typeof key === 'string' && typeof owner === 'string'
  if (isShaped && recordSum(key, owner, token, expiresAt) === sum) return { owner, token, expiresAt }
  throw new PortError({
    code: storeErrorCodes.corrupt,
    message: 'A lease does not match its checksum',
    meta: { leaseKey: key },
  })
}

/** Prepares the statements. */
export function leaseTable(db: Database, counters: CounterTable): LeaseTable {
  const select = db.prepare('SELECT owner, token, expires_at, sum FROM leases WHERE key = ?').raw()
  const replace = db.prepare('INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?)')
  const erase = db.prepare('DELETE FROM leases WHERE key = ?')
  const selectAll = db.prepare('SELECT key, owner, token, expires_at, sum FROM leases').raw()
  const put = (key: string, lease: StoredLease): StoredLease => {
    const { owner, token, expiresAt } = lease
    replace.run(key, owner, token, expiresAt, recordSum(key, owner, token, expiresAt))
    return lease
  }
  return {
    get: (key) => {
      const row = select.get(key) as [string, number, number, number] | undefined
      if (row === undefined) return undefined
      return verified(key, ...row)
    },
    take: (key, owner, expiresAt) => put(key, { owner, token: counters.next('token'), expiresAt }),
    extend: (key, { owner, token }, expiresAt) => put(key, { owner, token, expiresAt }),
    remove: (key) => {
      erase.run(key)
    },
    verify: () => {
      for (const row of selectAll.all()) verified(...(row as [string, string, number, number, number]))
    },
  }
}
