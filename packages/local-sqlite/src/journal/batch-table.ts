import { recordSum } from '../checksum.ts'
import type { Column, Database } from '../database/driver.ts'

/** What is remembered of a batch. */
export interface BatchRow {
  /** The last position of each stream that it appended to, in the order of the batch. */
  readonly positions: readonly number[]
  /** Over the id, the positions and the content. */
  readonly sum: number
}

/** A batch that was applied. */
export interface AppliedBatch {
  readonly id: string
  readonly positions: readonly number[]
  /** Sum of its content. */
  readonly content: number
}

/** Ids of applied batches. */
export interface BatchTable {
  /** Only inside a transaction. */
  get(id: string): BatchRow | undefined
  insertAll(batches: readonly AppliedBatch[]): void
  /** One stream of each of these is dropped; those of which it was the last are forgotten. */
  forget(ids: readonly string[]): void
  /** What is in memory may not be in the file. */
  forgetKept(): void
}

/** Rows for one statement: its own cost is shared, and it stays small to prepare. */
const rowsAtOnce = 16

/** Of such an id and any other, JavaScript and SQLite say alike which is the greater. */
const plainId = /^[\x20-\x7e]+$/

/** The sum of a row, which equal content makes again. */
export function batchSum({ id, content, positions }: AppliedBatch): number {
  return recordSum(id, content, ...positions)
}

/** Prepares the statements. */
export function batchTable(db: Database): BatchTable {
  const select = db.prepare('SELECT positions, sum FROM batches WHERE id = ?').raw()
  const selectGreatest = db.prepare('SELECT max(id) FROM batches').pluck()
  const list = (item: string): string => Array.from({ length: rowsAtOnce }, () => item).join(', ')
  const insertOne = db.prepare('INSERT INTO batches VALUES (?, ?, ?, ?)')
  const insertMany = db.prepare(`INSERT INTO batches VALUES ${list('(?, ?, ?, ?)')}`)
  const eraseLast = db.prepare(`DELETE FROM batches WHERE open = 1 AND id IN (${list('?')})`)
  const lessen = db.prepare(`UPDATE batches SET open = open - 1 WHERE id IN (${list('?')})`)
  let greatest: string | undefined

  const pushRow = (values: Column[], batch: AppliedBatch): void => {
    const { id, positions } = batch
    // One stream is the common case, and a number takes less room than its text.
    const stored = positions.length === 1 ? (positions[0] ?? 0) : positions.join(' ')
    values.push(id, stored, positions.length, batchSum(batch))
    keepGreatest(id)
  }

  const keepGreatest = (id: string): void => {
    if (!plainId.test(id)) greatest = undefined
    else if (greatest !== undefined && id > greatest) greatest = id
  }

  return {
    get: (id) => {
      // An id that begins with the time is greater than all that were indexed before: no need to look.
      greatest ??= (selectGreatest.get() as string | null) ?? ''
      if (id > greatest && plainId.test(id)) return undefined
      const row = select.get(id) as [unknown, number] | undefined
      if (row === undefined) return undefined
      const [positions, sum] = row
      return { positions: String(positions).split(' ').map(Number), sum }
    },
    insertAll: (batches) => {
      for (let start = 0; start < batches.length;) {
        const rows = batches.length - start < rowsAtOnce ? 1 : rowsAtOnce
        const values: Column[] = []
        for (const batch of batches.slice(start, start + rows)) pushRow(values, batch)
        const statement = rows === 1 ? insertOne : insertMany
        statement.run(...values)
        start += rows
      }
    },
    forget: (ids) => {
      for (let start = 0; start < ids.length; start += rowsAtOnce) {
        const some = ids.slice(start, start + rowsAtOnce)
        while (some.length < rowsAtOnce) some.push(some[0] ?? '')
        eraseLast.run(...some)
        lessen.run(...some)
      }
    },
    forgetKept: () => {
      greatest = undefined
    },
  }
}
