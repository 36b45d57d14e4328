import { PortError, storeErrorCodes } from '@belay/core/ports'
import type { Column } from '../database/driver.ts'
import type { EntryFields } from '../journal/entry-chunk.ts'
import { parseHead } from '../journal/entry-chunk.ts'

/**
 * A row of the tail: everything that one transaction did to the journal, in its order. Heads and texts lie
 * as in a chunk of entries, but for all streams of the transaction.
 */
export interface TailRow {
  readonly seq: number
  readonly records: readonly TailRecord[]
  readonly data: string
}

/** What happened: entries of a batch were added, entries were moved, ids were indexed, or rows were removed. */
export type TailRecord = BatchRecord | SettledRecord | IndexedRecord | RemovedRecord

/** What a batch appended, for each of its streams. The id is in the fields of each first entry. */
export type BatchRecord = readonly PartRecord[]

/** The stream's id, the position of the first entry, and the entries. */
export type PartRecord = readonly [stream: number, first: number, entries: EntryFields]

/** Entries of this stream up to this position are in the table of entries, or gone with their stream. */
export type SettledRecord = readonly [stream: number, upTo: number]

/** The ids of the batches in rows up to this key are in the index. No stream has the number 0. */
export type IndexedRecord = readonly [0, upTo: number]

/** Rows up to this key are gone, because all their entries were moved. */
export type RemovedRecord = readonly [upTo: number]

/** A row as the file has it. */
export type StoredTailRow = readonly [seq: number, head: Column, data: Column, sum: Column]

/** Whether entries of a batch were added. */
export function isBatch(record: TailRecord): record is BatchRecord {
  return typeof record[0] !== 'number'
}

/** Whether ids were indexed. */
export function isIndexing(record: TailRecord): record is IndexedRecord {
  return record[0] === 0
}

/** Whether rows were removed. */
export function isRemoval(record: TailRecord): record is RemovedRecord {
  return record.length === 1 && !isBatch(record)
}

/** What is summed beside the head of a row. */
export function tailKey(seq: number): string {
  return `tail ${seq}`
}

/** The row behind what the file has. Throws `store/corrupt` when it is not what was written. */
export function tailRowOf([seq, ...columns]: StoredTailRow): TailRow {
  const records = parseHead(tailKey(seq), columns) as readonly TailRecord[] | undefined
  if (records === undefined) throw damagedTail(seq)
  return { seq, records, data: columns[1] as string }
}

/** A row of the tail cannot be trusted, and so nothing that it may have held. */
export function damagedTail(seq: number): PortError {
  return new PortError({
    code: storeErrorCodes.corrupt,
    message: 'A row of the newest entries is missing or does not match its checksum',
    meta: { tailRow: seq },
  })
}
