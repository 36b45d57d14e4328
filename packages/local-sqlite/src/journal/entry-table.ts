import type { Column, Database } from '../database/driver.ts'
import { batchIdsOf, countOf, entriesOf, headSum, parseHead, pushFields } from './entry-chunk.ts'
import type { EntryFields, StoredEntry } from './entry-chunk.ts'
import { corruptEntry } from './entry-check.ts'

/** A stream by its number and by its name, which errors say. */
export interface StreamRef {
  readonly id: number
  readonly name: string
}

/** The entries of all streams, several in each row. */
export interface EntryTable {
  /** Appends to a stream, whose next position is `first`. */
  insert(stream: number, first: number, entries: readonly StoredEntry[]): void
  /**
   * At most `limit` entries after a position, without a gap. Throws `store/corrupt` when what is said of
   * them is not what was written; their texts are not looked at.
   */
  after(stream: StreamRef, position: number, limit: number): readonly StoredEntry[]
  /** The ids of the batches that wrote to a stream. */
  batchIds(stream: StreamRef): readonly string[]
  /** Removes all entries of a stream. */
  removeAll(stream: number): void
}

/** A reader that wants one entry takes its whole row apart. */
const mostPerRow = 32

/**
 * No second entry beyond this: a row of up to 8,153 bytes fills one page beside the tree and at most one in
 * it, and the nearer it comes to that, the less room is left over.
 */
const mostRowBytes = 8_000

/** What JSON needs for the numbers and the marks of an entry. */
const bytesOfFields = 45

/** Nearly, and exactly enough where texts are ASCII: it decides about room only. */
function sizeOf({ entry, batch }: StoredEntry): number {
  return entry.data.length + entry.type.length + (batch?.id.length ?? 0) + bytesOfFields
}

type Row = readonly [last: number, head: Column, data: Column, sum: Column]

/** Prepares the statements. */
export function entryTable(db: Database): EntryTable {
  const insertRow = db.prepare('INSERT INTO chunks VALUES ((? << 32) | ?, ?, ?, ?)')
  const select = db
    .prepare(
      'SELECT id & 4294967295, head, data, sum FROM chunks ' +
        'WHERE id > (? << 32) | ? AND id < (? + 1) << 32 ORDER BY id',
    )
    .raw()
  const erase = db.prepare('DELETE FROM chunks WHERE id > ? << 32 AND id < (? + 1) << 32')

  const insertChunk = (stream: number, first: number, entries: readonly StoredEntry[]): void => {
    const fields: (string | number)[] = []
    let data = ''
    for (const { entry, batch } of entries) {
      pushFields(fields, entry, batch?.id)
      data += entry.data
    }
    const last = first + entries.length - 1
    const head = JSON.stringify(fields)
    insertRow.run(stream, last, head, data, headSum(`${stream} ${last}`, head))
  }

  /** The fields of a row; the next position that is wanted has to be among them. */
  const fieldsOf = ({ id, name }: StreamRef, [last, ...columns]: Row, wanted: number): EntryFields => {
    const fields = parseHead(`${id} ${last}`, columns) as EntryFields | undefined
    if (fields === undefined || last - countOf(fields) >= wanted) throw corruptEntry(name, wanted)
    return fields
  }

  return {
    insert: (stream, first, entries) => {
      let start = 0
      let bytes = 0
      for (const [index, stored] of entries.entries()) {
        const size = sizeOf(stored)
        bytes += size
        if (index === start || (index - start < mostPerRow && bytes <= mostRowBytes)) continue
        insertChunk(stream, first + start, entries.slice(start, index))
        start = index
        bytes = size
      }
      insertChunk(stream, first + start, start === 0 ? entries : entries.slice(start))
    },
    after: (stream, position, limit) => {
      const found: StoredEntry[] = []
      if (limit === 0) return found
      for (const row of select.iterate(stream.id, position, stream.id) as Iterable<Row>) {
        const wanted = position + found.length + 1
        const fields = fieldsOf(stream, row, wanted)
        const entries = entriesOf(fields, row[2] as string, 0)
        const skipped = wanted - (row[0] - entries.length + 1)
        found.push(...(skipped === 0 ? entries : entries.slice(skipped)))
        if (found.length >= limit) break
      }
      return found.length > limit ? found.slice(0, limit) : found
    },
    batchIds: (stream) => {
      const ids: string[] = []
      let wanted = 1
      for (const row of select.iterate(stream.id, 0, stream.id) as Iterable<Row>) {
        ids.push(...batchIdsOf(fieldsOf(stream, row, wanted)))
        wanted = row[0] + 1
      }
      return ids
    },
    removeAll: (stream) => {
      erase.run(stream, stream)
    },
  }
}
