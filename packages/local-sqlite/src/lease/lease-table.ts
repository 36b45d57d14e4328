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
  /** The lease, from memory where that is current. Only inside a write transaction. */
  get(key: string): StoredLease | undefined
  /** The lease, from the file. */
  read(key: string): StoredLease | undefined
  /** Gives the lease to a new holder with a new token. */
  take(key: string, owner: string, expiresAt: number): StoredLease
  extend(key: string, lease: StoredLease, expiresAt: number): StoredLease
  remove(key: string): void
  /** Compares every lease with its sum. A changed key would otherwise look like a lease that nobody holds. */
  verify(): void
  /** What is in memory may not be in the file. */
  forget(): void
}

/** More leases than this are not kept; reading one costs some microseconds. */
const maxKept = 10_000

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
  const kept = new Map<string, StoredLease>()
  const keep = (key: string, lease: StoredLease): StoredLease => {
    if (kept.size >= maxKept) kept.clear()
    kept.set(key, lease)
    return lease
  }
  const read = (key: string): StoredLease | undefined => {
    const row = select.get(key) as [string, number, number, number] | undefined
    return row && verified(key, ...row)
  }
  const put = (key: string, lease: StoredLease): StoredLease => {
    const { owner, token, expiresAt } = lease
    replace.run(key, owner, token, expiresAt, recordSum(key, owner, token, expiresAt))
    return keep(key, lease)
  }
  return {
    get: (key) => {
      const known = kept.get(key)
      if (known !== undefined) return known
      const lease = read(key)
      return lease && keep(key, lease)
    },
    read,
    take: (key, owner, expiresAt) => put(key, { owner, token: counters.next('token'), expiresAt }),
    extend: (key, { owner, token }, expiresAt) => put(key, { owner, token, expiresAt }),
    remove: (key) => {
      erase.run(key)
      kept.delete(key)
    },
    forget: () => {
      kept.clear()
    },
    verify: () => {
      for (const row of selectAll.all()) verified(...(row as [string, string, number, number, number]))
    },
  }
}
