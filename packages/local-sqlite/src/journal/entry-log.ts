import { endOf } from '../tail/tail.ts'
import type { NewBatch, Tail } from '../tail/tail.ts'
import { tailMover } from '../tail/tail-move.ts'
import type { MovedSize } from '../tail/tail-move.ts'
import type { NewPart } from '../tail/tail-memory.ts'
import { batchSum } from './batch-table.ts'
import type { AppliedBatch, BatchRow, BatchTable } from './batch-table.ts'
import { corruptEntry } from './entry-check.ts'
import type { StoredEntry } from './entry-chunk.ts'
import type { EntryTable, StreamRef } from './entry-table.ts'

/**
 * The entries of all streams and the batches that wrote them, wherever they are: in the tail, or in the
 * tables of entries and of batches. Only inside a transaction.
 */
export interface EntryLog {
  /** What is remembered of an applied batch. */
  find(id: string): BatchRow | undefined
  append(batch: NewBatch): void
  /** At most `limit` entries after a position, without a gap. Throws `store/corrupt`. */
  after(stream: StreamRef, position: number, limit: number): readonly StoredEntry[]
  /** Moves everything of a stream from the tail into the tables. */
  settle(stream: number): void
  /** Removes the entries of a stream, and forgets the batches whose last living stream it is. */
  remove(stream: StreamRef): void
  /** The last position of a stream, if the tail has it. */
  endInTail(stream: number): number | undefined
  /** Before the commit of a write transaction: writes what waits. */
  beforeCommit(): void
  /** What is in memory may be older than the file, or, after a rollback, newer. */
  forget(reason: 'foreign-write' | 'rollback'): void
}

/**
 * A batch of more than this goes to the tables at once: it fills pages of its own there, and writing it
 * twice would cost more than the pages.
 */
const mostTailChars = 16_384
const mostTailEntries = 64

/** Joins the tail and the tables. */
export function entryLog(tail: Tail, entries: EntryTable, batches: BatchTable): EntryLog {
  let isStale = true
  /** Batches of entries that are in the table already; their ids are written together. */
  let unindexed: AppliedBatch[] = []

  const catchUp = (): void => {
    if (!isStale) return
    if (tail.catchUp()) mover.forget()
    isStale = false
  }

  const move = (stream: number, upTo: number): MovedSize => {
    const first = tail.streams.get(stream)?.first ?? 0
    const taken = tail.settle(stream, upTo)
    if (taken.length > 0) entries.insert(stream, first, taken)
    let chars = 0
    for (const { entry, batch } of taken) {
      chars += entry.data.length
      if (batch === undefined || batch.isIndexed) continue
      tail.indexed(batch)
      unindexed.push(batch)
    }
    return { entries: taken.length, chars }
  }

  const mover = tailMover(tail, { move, index: batches.insertAll })

  const indexMoved = (): void => {
    if (unindexed.length === 0) return
    batches.insertAll(unindexed)
    unindexed = []
  }

  const endInTail = (stream: number): number | undefined => {
    catchUp()
    const found = tail.streams.get(stream)
    return found && found.first + found.entries.length - 1
  }

  const settle = (stream: number): void => {
    const last = endInTail(stream)
    if (last === undefined) return
    move(stream, last)
    indexMoved()
  }

  const appendToTables = ({ id, content, parts }: NewBatch): void => {
    for (const { stream, first, entries: added } of parts) {
      settle(stream)
      const stored = added.map((entry, index) => ({ entry, batch: index === 0 ? { id } : undefined }))
      entries.insert(stream, first, stored)
    }
    batches.insertAll([{ id, content, positions: parts.map(endOf) }])
  }

  return {
    find: (id) => {
      catchUp()
      const batch = tail.batch(id)
      return batch === undefined ? batches.get(id) : { positions: batch.positions, sum: batchSum(batch) }
    },
    append: (batch) => {
      catchUp()
      if (isLarge(batch.parts)) appendToTables(batch)
      else tail.append(batch)
    },
    after: (stream, position, limit) => {
      catchUp()
      const found = tail.streams.get(stream.id)
      if (found === undefined) return entries.after(stream, position, limit)
      const before = found.first - 1 - position
      if (before <= 0) return found.entries.slice(-before, -before + limit)
      // The table has what is before the tail, so the limit also ends the look into it there.
      const rows = entries.after(stream, position, Math.min(limit, before))
      if (rows.length === limit) return rows
      if (rows.length < before) throw corruptEntry(stream.name, position + rows.length + 1)
      return [...rows, ...found.entries.slice(0, limit - rows.length)]
    },
    settle,
    remove: (stream) => {
      // The index counts the living streams of a batch by the marks in the table of entries.
      settle(stream.id)
      batches.forget(entries.batchIds(stream))
      entries.removeAll(stream.id)
    },
    endInTail,
    beforeCommit: () => {
      if (isStale) return
      if (tail.added.entries > 0) {
        mover.advance()
        indexMoved()
      }
      tail.flush()
    },
    forget: (reason) => {
      isStale = true
      unindexed = []
      batches.forgetKept()
      if (reason === 'foreign-write') return
      tail.forget()
      mover.forget()
    },
  }
}

function isLarge(parts: readonly NewPart[]): boolean {
  let chars = 0
  let count = 0
  for (const { entries } of parts) {
    count += entries.length
    for (const { data } of entries) chars += data.length
  }
  return chars > mostTailChars || count > mostTailEntries
}
