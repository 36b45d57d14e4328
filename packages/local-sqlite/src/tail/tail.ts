import type { Database } from '../database/driver.ts'
import { countOf, pushFields } from '../journal/entry-chunk.ts'
import { damagedTail, isBatch, isRemoval } from './tail-row.ts'
import type { PartRecord, TailRecord, TailRow } from './tail-row.ts'
import { tailMemory } from './tail-memory.ts'
import type { NewPart, TailBatch, TailEntry, TailStream } from './tail-memory.ts'
import { tailTable } from './tail-table.ts'

/**
 * The newest entries of all streams in the order of their commits. A commit of many streams would dirty a
 * page of the table of entries for each of them; here it is one row, and the entries are moved later, many
 * of one stream at a time. The rows are also kept in memory, so that a read of what was written last costs
 * no statement. Other processes go through the rows that they have not seen; nothing but the rows is shared.
 */
export interface Tail {
  /** The key of the newest row that is in the file. */
  readonly newest: number
  /** What the rows that were not removed hold, whether it was moved or not. */
  readonly entries: number
  readonly chars: number
  /** What this transaction has added. */
  readonly added: { readonly entries: number; readonly chars: number }
  readonly streams: ReadonlyMap<number, TailStream>
  batch(id: string): TailBatch | undefined
  append(batch: NewBatch): void
  /** Takes entries of a stream up to a position out. The caller puts them where they belong at once. */
  settle(stream: number, upTo: number): readonly TailEntry[]
  /** The batch of such an entry is put into the index at once. */
  indexed(batch: TailBatch): void
  /**
   * Takes batches whose ids are not in the index, up to a row, about as many as `count`. The caller puts
   * them there at once.
   */
  takeUnindexed(upTo: number, count: number): readonly TailBatch[]
  /** Removes rows whose entries were all taken out. */
  removeUpTo(seq: number): void
  /** Writes the row of this transaction, if it has one. */
  flush(): void
  /** Goes through the rows that other processes wrote. Throws `store/corrupt`. Whether it began anew. */
  catchUp(): boolean
  /** What is in memory may not be in the file. */
  forget(): void
}

/** A batch that appends entries. */
export interface NewBatch {
  readonly id: string
  /** Sum of its content. */
  readonly content: number
  /** One per stream. */
  readonly parts: readonly NewPart[]
}

/** The last position of a part. */
export function endOf({ first, entries }: NewPart): number {
  return first + entries.length - 1
}

interface RowSize {
  readonly seq: number
  readonly entries: number
  readonly chars: number
}

/** Prepares the statements. */
export function tailOf(db: Database): Tail {
  const table = tailTable(db)
  const memory = tailMemory()
  let newest = 0
  let removed = 0
  let rows: RowSize[] = []
  const total = { entries: 0, chars: 0 }
  const added = { entries: 0, chars: 0 }
  let records: TailRecord[] = []
  let texts: string[] = []

  const keepRow = (row: RowSize): void => {
    newest = row.seq
    rows.push(row)
    total.entries += row.entries
    total.chars += row.chars
  }

  const dropRows = (upTo: number): void => {
    removed = upTo
    for (const row of rows) {
      if (row.seq > upTo) break
      total.entries -= row.entries
      total.chars -= row.chars
    }
    rows = rows.filter((row) => row.seq > upTo)
  }

  const forgetAdded = (): void => {
    records = []
    texts = []
    added.entries = 0
    added.chars = 0
  }

  const forget = (): void => {
    memory.clear()
    forgetAdded()
    newest = 0
    removed = 0
    rows = []
    total.entries = 0
    total.chars = 0
  }

  const replay = (row: TailRow): void => {
    memory.replay(row)
    keepRow({ seq: row.seq, entries: entriesIn(row.records), chars: row.data.length })
    for (const record of row.records) if (isRemoval(record) && record[0] > removed) dropRows(record[0])
  }

  return {
    get newest() {
      return newest
    },
    get entries() {
      return total.entries
    },
    get chars() {
      return total.chars
    },
    added,
    streams: memory.streams,
    batch: (id) => memory.batches.get(id),
    append: ({ id, content, parts }) => {
      const positions = parts.map(endOf)
      memory.add({ id, content, positions, row: newest + 1, isIndexed: false }, parts)
      records.push(parts.map((part) => recordOf(id, part)))
    },
    settle: (stream, upTo) => {
      const taken = memory.settle(stream, upTo)
      if (taken.length > 0) records.push([stream, upTo])
      return taken
    },
    indexed: (batch) => {
      memory.indexed([batch])
    },
    takeUnindexed: (upTo, count) => {
      const taken = memory.unindexed(upTo, count)
      memory.indexed(taken)
      const last = taken.at(-1)
      if (last !== undefined) records.push([0, last.row])
      return taken
    },
    removeUpTo: (seq) => {
      if (seq <= removed) return
      if (seq === newest) table.removeAll()
      else table.removeUpTo(seq)
      // The row with this record is always there, so that no key is ever used again.
      records.push([seq])
      dropRows(seq)
    },
    flush: () => {
      if (records.length === 0) return
      const seq = newest + 1
      table.insert(seq, records, texts.length === 1 ? (texts[0] ?? '') : texts.join(''))
      keepRow({ seq, ...added })
      forgetAdded()
    },
    catchUp: () => {
      const found = table.after(newest)
      // Where the next row is gone, all before it are, and what is found is everything.
      const isNew = newest === 0 || (found[0] !== undefined && found[0].seq !== newest + 1)
      if (isNew) forget()
      for (const row of found) replay(row)
      if (isNew && found[0] !== undefined && found[0].seq !== removed + 1) {
        const missing = removed + 1
        forget()
        throw damagedTail(missing)
      }
      return isNew
    },
    forget,
  }

  function recordOf(id: string, { stream, first, entries }: NewPart): PartRecord {
    const fields: (string | number)[] = []
    for (const [index, entry] of entries.entries()) {
      pushFields(fields, entry, index === 0 ? id : undefined)
      texts.push(entry.data)
      added.chars += entry.data.length
    }
    added.entries += entries.length
    return [stream, first, fields]
  }
}

function entriesIn(records: readonly TailRecord[]): number {
  let count = 0
  for (const record of records) if (isBatch(record)) for (const part of record) count += countOf(part[2])
  return count
}
