import { blobTable } from './blob/blob-table.ts'
import type { BlobTable } from './blob/blob-table.ts'
import { counterTable } from './counter-table.ts'
import type { CounterTable } from './counter-table.ts'
import type { Database } from './database/driver.ts'
import { batchTable } from './journal/batch-table.ts'
import { entryLog } from './journal/entry-log.ts'
import type { EntryLog } from './journal/entry-log.ts'
import { entryTable } from './journal/entry-table.ts'
import { headTable } from './journal/head-table.ts'
import type { HeadTable } from './journal/head-table.ts'
import { streamTable } from './journal/stream-table.ts'
import type { StreamTable } from './journal/stream-table.ts'
import { leaseTable } from './lease/lease-table.ts'
import type { LeaseTable } from './lease/lease-table.ts'
import { memoryTable } from './memory/memory-table.ts'
import type { MemoryTable } from './memory/memory-table.ts'
import { tailOf } from './tail/tail.ts'
import { transactionOf } from './write/transaction.ts'
import type { Transaction } from './write/transaction.ts'

/** The tables of one open database, with their statements prepared. They die with the connection. */
export interface Tables {
  readonly blobs: BlobTable
  readonly counters: CounterTable
  readonly entries: EntryLog
  readonly heads: HeadTable
  readonly leases: LeaseTable
  readonly memory: MemoryTable
  readonly streams: StreamTable
  readonly transaction: Transaction
}

/** Prepares every statement. */
export function tablesOf(db: Database): Tables {
  const counters = counterTable(db)
  const entries = entryLog(tailOf(db), entryTable(db), batchTable(db))
  const streams = streamTable(db, counters, entries.endInTail)
  const leases = leaseTable(db, counters)
  return {
    blobs: blobTable(db),
    counters,
    entries,
    heads: headTable(db),
    leases,
    memory: memoryTable(db),
    streams,
    transaction: transactionOf(db, { entries, leases, streams }),
  }
}
