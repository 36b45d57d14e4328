import type { Database } from '../database/driver.ts'
import type { EntryLog } from '../journal/entry-log.ts'
import type { StreamTable } from '../journal/stream-table.ts'
import type { LeaseTable } from '../lease/lease-table.ts'

/** The transactions of a connection, between which what the tables keep in memory stays in step with the file. */
export interface Transaction {
  /** Takes the write lock at once, so that nothing that was checked can change before the commit. */
  begin(): void
  commit(): void
  rollback(): void
  /** Runs a look at one moment of the file. Not inside a write transaction. */
  look<T>(look: () => T): T
}

/** The tables that keep something in memory. */
export interface KeptTables {
  readonly entries: EntryLog
  readonly leases: LeaseTable
  readonly streams: StreamTable
}

/** Prepares the statements. */
export function transactionOf(db: Database, { entries, leases, streams }: KeptTables): Transaction {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const beginLook = db.prepare('BEGIN')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  // Changes when another connection has committed, so that what is kept in memory no longer holds.
  const version = db.prepare('PRAGMA data_version').pluck()
  let seen: unknown

  const compareVersion = (): void => {
    const now = version.get()
    if (now === seen) return
    streams.forget()
    leases.forget()
    entries.forget('foreign-write')
    seen = now
  }

  return {
    begin: () => {
      begin.run()
      compareVersion()
    },
    commit: () => {
      entries.beforeCommit()
      commit.run()
    },
    rollback: () => {
      streams.forget()
      leases.forget()
      entries.forget('rollback')
      rollback.run()
    },
    look: (look) => {
      beginLook.run()
      try {
        // In a deferred transaction this is the first statement that reads, and so fixes the moment.
        compareVersion()
        return look()
      } finally {
        if (db.inTransaction) commit.run()
      }
    },
  }
}
