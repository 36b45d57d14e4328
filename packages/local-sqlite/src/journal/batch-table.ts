import { recordSum } from '../checksum.ts'
import type { Database } from '../database/driver.ts'

/** What is remembered of a batch. */
export interface BatchRow {
  /** The last position of each stream that it appended to, in the order of the batch. */
  readonly positions: readonly number[]
  /** Over the id, the positions and the content. */
  readonly sum: number
}

/** Ids of applied batches. */
export interface BatchTable {
  get(id: string): BatchRow | undefined
  insert(id: string, positions: readonly number[], content: number): void
  /** Forgets the batches whose last living stream is this one. Before its entries are removed. */
  forgetWith(stream: number): void
}

/** The sum of a row, which equal content makes again. */
export function batchSum(id: string, positions: readonly number[], content: number): number {
  return recordSum(id, content, ...positions)
}

/** Prepares the statements. */
export function batchTable(db: Database): BatchTable {
  const select = db.prepare('SELECT positions, sum FROM batches WHERE id = ?').raw()
  const insert = db.prepare('INSERT INTO batches VALUES (?, ?, ?, ?)')
  const ofStream = 'SELECT batch FROM entries WHERE id > ? << 32 AND id < (? + 1) << 32 AND batch IS NOT NULL'
  const eraseLast = db.prepare(`DELETE FROM batches WHERE open = 1 AND id IN (${ofStream})`)
  const lessen = db.prepare(`UPDATE batches SET open = open - 1 WHERE id IN (${ofStream})`)
  return {
    get: (id) => {
      const row = select.get(id) as [unknown, number] | undefined
      if (row === undefined) return undefined
      const [positions, sum] = row
      return { positions: String(positions).split(' ').map(Number), sum }
    },
    insert: (id, positions, content) => {
      // One stream is the common case, and a number takes less room than its text.
      const stored = positions.length === 1 ? (positions[0] ?? 0) : positions.join(' ')
      insert.run(id, stored, positions.length, batchSum(id, positions, content))
    },
    forgetWith: (stream) => {
      eraseLast.run(stream, stream)
      lessen.run(stream, stream)
    },
  }
}
