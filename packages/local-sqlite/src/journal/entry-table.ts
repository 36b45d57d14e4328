import { entrySum } from '../checksum.ts'
import type { Column, Database } from '../database/driver.ts'
import type { PreparedEntry } from './batch-input.ts'

/** A row as the file has it: nothing of it is trusted before its sum was compared. */
export type EntryRow = readonly [
  position: number,
  type: Column,
  at: Column,
  data: Column,
  batch: Column,
  sum: Column,
]

/** Rows of all streams. */
export interface EntryTable {
  insert(stream: number, position: number, entry: PreparedEntry, batch: string): void
  /** At most `limit` rows after a position, in order. */
  after(stream: number, position: number, limit: number): readonly EntryRow[]
  /** Removes all rows of a stream. */
  removeAll(stream: number): void
}

/** Prepares the statements. */
export function entryTable(db: Database): EntryTable {
  const insert = db.prepare('INSERT INTO entries VALUES ((? << 32) | ?, ?, ?, ?, ?, ?)')
  const select = db
    .prepare(
      'SELECT id & 4294967295, type, at, data, batch, sum FROM entries ' +
        'WHERE id > (? << 32) | ? AND id < (? + 1) << 32 ORDER BY id LIMIT ?',
    )
    .raw()
  const erase = db.prepare('DELETE FROM entries WHERE id > ? << 32 AND id < (? + 1) << 32')
  return {
    insert: (stream, position, entry, batch) => {
      const sum = entrySum(entry.content, { position, at: entry.at, batch })
      insert.run(stream, position, entry.type, entry.at, entry.data, batch === '' ? null : batch, sum)
    },
    after: (stream, position, limit) => select.all(stream, position, stream, limit) as EntryRow[],
    removeAll: (stream) => {
      erase.run(stream, stream)
    },
  }
}
