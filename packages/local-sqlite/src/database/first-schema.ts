import { crc32 } from 'node:zlib'
import { contentSum, joinSums } from '../checksum.ts'
import { batchTable } from '../journal/batch-table.ts'
import { entryTable } from '../journal/entry-table.ts'
import type { StoredEntry } from '../journal/entry-chunk.ts'
import type { Database } from './driver.ts'

/**
 * Schema 1 had a row for each entry, with a sum over all of it, and an index of batch ids that could lag
 * behind: `unindexed` named the streams whose newest ids were only in their entries, and the position after
 * which that was so.
 */
type FirstRow = readonly [
  position: number,
  type: string,
  at: number,
  data: string,
  batch: string | null,
  sum: number,
]

/** So many entries of a stream are in memory at once. */
const entriesAtOnce = 1_000

/** No entry has this sum, so what was damaged before stays unreadable. */
const damagedSum = -1

/** Brings the entries of schema 1 into the tables of schema 2. */
export function raiseFirstSchema(db: Database): void {
  const select = db
    .prepare(
      'SELECT id & 4294967295, type, at, data, batch, sum FROM entries ' +
        'WHERE id > (? << 32) | ? AND id < (? + 1) << 32 ORDER BY id LIMIT ?',
    )
    .raw()
  const entries = entryTable(db)
  const streams = db
    .prepare('SELECT id, name, after FROM streams LEFT JOIN unindexed ON unindexed.stream = streams.id')
    .raw()
    .all() as [id: number, name: string, after: number | null][]
  const index = lateIndex(db)
  for (const [id, name, after] of streams) {
    for (let position = 0, isEnd = false; !isEnd;) {
      const rows = select.all(id, position, id, entriesAtOnce) as FirstRow[]
      for (const run of denseRuns(rows))
        entries.insert(
          id,
          run[0]?.[0] ?? 0,
          run.map((row) => storedOf(name, row)),
        )
      for (const row of rows) if (after !== null && row[0] > after) index.add(name, row)
      position = rows.at(-1)?.[0] ?? position
      isEnd = rows.length < entriesAtOnce
    }
    index.finish()
  }
}

/** A row that is missing stays missing. */
function denseRuns(rows: readonly FirstRow[]): readonly (readonly FirstRow[])[] {
  const runs: FirstRow[][] = []
  let expected = 0
  for (const row of rows) {
    if (row[0] === expected) runs.at(-1)?.push(row)
    else runs.push([row])
    expected = row[0] + 1
  }
  return runs
}

function storedOf(stream: string, [position, type, at, data, batch, sum]: FirstRow): StoredEntry {
  const content = contentSum(stream, type, data)
  const isIntact = crc32(` ${position} ${at} ${batch ?? ''}`, content) === sum
  const entry = {
    type: String(type),
    at: Number(at),
    data: String(data),
    content: isIntact ? content : damagedSum,
  }
  return { entry, batch: batch === null ? undefined : { id: batch } }
}

/** Writes the ids to the index that it lacks. */
function lateIndex(db: Database): { add(stream: string, row: FirstRow): void; finish(): void } {
  const batches = batchTable(db)
  let current: { readonly id: string; last: number; readonly sums: number[] } | undefined
  const finish = (): void => {
    if (current !== undefined && batches.get(current.id) === undefined) {
      batches.insertAll([{ id: current.id, positions: [current.last], content: joinSums(current.sums) }])
    }
    current = undefined
  }
  return {
    finish,
    add: (stream, [position, type, , data, batch]) => {
      if (batch !== null) {
        finish()
        current = { id: batch, last: position, sums: [] }
      }
      if (current === undefined) return
      current.last = position
      current.sums.push(contentSum(stream, type, data))
    },
  }
}
