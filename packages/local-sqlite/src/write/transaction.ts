import type { Database } from '../database/driver.ts'
import type { BatchMemory } from '../journal/batch-memory.ts'
import type { StreamTable } from '../journal/stream-table.ts'

/** The one write transaction of a connection. */
export interface Transaction {
  /** Takes the write lock at once, so that nothing that was checked can change before the commit. */
  begin(): void
  commit(): void
  rollback(): void
}

/** Prepares the statements. */
export function transactionOf(db: Database, batches: BatchMemory, streams: StreamTable): Transaction {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  // Changes when another connection has committed, so that what is kept in memory no longer holds.
  const version = db.prepare('PRAGMA data_version').pluck()
  let seen: unknown
  return {
    begin: () => {
      begin.run()
      const now = version.get()
      if (seen !== undefined && now !== seen) {
        streams.forget()
        batches.forget('foreign-write')
      }
      seen = now
    },
    commit: () => {
      commit.run()
    },
    rollback: () => {
      streams.forget()
      batches.forget('rollback')
      rollback.run()
    },
  }
}
