import type { Database } from '../database/driver.ts'
import { headSum } from '../journal/entry-chunk.ts'
import { damagedTail, tailKey, tailRowOf } from './tail-row.ts'
import type { StoredTailRow, TailRecord, TailRow } from './tail-row.ts'

/** Rows of the tail, with dense keys that are never used again. */
export interface TailTable {
  insert(seq: number, records: readonly TailRecord[], data: string): void
  /** All rows after a key, in order. Throws `store/corrupt` when one is damaged or missing between two. */
  after(seq: number): readonly TailRow[]
  removeUpTo(seq: number): void
  /**
   * Much cheaper than up to the last: SQLite then gives the pages back without a look at the rows, and
   * writes none of them to the log.
   */
  removeAll(): void
}

/** Prepares the statements. */
export function tailTable(db: Database): TailTable {
  const insert = db.prepare('INSERT INTO tail VALUES (?, ?, ?, ?)')
  const select = db.prepare('SELECT seq, head, data, sum FROM tail WHERE seq > ? ORDER BY seq').raw()
  const erase = db.prepare('DELETE FROM tail WHERE seq <= ?')
  const eraseAll = db.prepare('DELETE FROM tail')
  return {
    insert: (seq, records, data) => {
      const head = JSON.stringify(records)
      insert.run(seq, head, data, headSum(tailKey(seq), head))
    },
    after: (seq) => {
      const rows = (select.all(seq) as StoredTailRow[]).map(tailRowOf)
      for (const [index, row] of rows.entries()) {
        const expected = (rows[0]?.seq ?? 0) + index
        if (row.seq !== expected) throw damagedTail(expected)
      }
      return rows
    },
    removeUpTo: (seq) => {
      erase.run(seq)
    },
    removeAll: () => {
      eraseAll.run()
    },
  }
}
