import { joinSums } from '../checksum.ts'
import type { PreparedEntry } from '../journal/batch-input.ts'
import { entriesOf } from '../journal/entry-chunk.ts'
import type { StoredEntry } from '../journal/entry-chunk.ts'
import { isBatch, isIndexing, isRemoval } from './tail-row.ts'
import type { BatchRecord, TailRow } from './tail-row.ts'

/** A batch whose entries are or were in the tail. */
export interface TailBatch {
  readonly id: string
  /** Sum of its content. */
  readonly content: number
  /** The last position in each of its streams, in the order of the batch. */
  readonly positions: readonly number[]
  /** The key of its row. */
  readonly row: number
  /** Its id is in the index of batches, or was there until its streams were dropped. */
  isIndexed: boolean
}

/** An entry that is only in the tail. */
export interface TailEntry extends StoredEntry {
  readonly batch: TailBatch | undefined
}

/** The end of one stream: what the table of entries does not have. Never empty. */
export interface TailStream {
  readonly first: number
  readonly entries: TailEntry[]
}

/** What a batch appends to one stream. */
export interface NewPart {
  readonly stream: number
  readonly first: number
  readonly entries: readonly PreparedEntry[]
}

/**
 * What the rows of the tail say when they are gone through in order. Every entry of the journal is either
 * here or in the table of entries, and of each stream the table has the beginning and this the rest.
 */
export interface TailMemory {
  readonly streams: ReadonlyMap<number, TailStream>
  /** Batches by id, but for those that are in the index. */
  readonly batches: ReadonlyMap<string, TailBatch>
  add(batch: TailBatch, parts: readonly NewPart[]): void
  /** Takes the entries of a stream up to a position out. */
  settle(stream: number, upTo: number): readonly TailEntry[]
  /** The ids of these batches are in the index. */
  indexed(batches: Iterable<TailBatch>): void
  /** Batches that are not in the index, of whole rows up to a key: as many rows as it takes to have `count`. */
  unindexed(upTo: number, count: number): readonly TailBatch[]
  /** Applies a row that was read. */
  replay(row: TailRow): void
  clear(): void
}

/** An empty memory. */
export function tailMemory(): TailMemory {
  const streams = new Map<number, TailStream>()
  const batches = new Map<string, TailBatch>()

  const add = (batch: TailBatch, parts: readonly NewPart[]): void => {
    batches.set(batch.id, batch)
    for (const { stream, first, entries } of parts) {
      let tail = streams.get(stream)
      if (tail === undefined) streams.set(stream, (tail = { first, entries: [] }))
      let mark: TailBatch | undefined = batch
      for (const entry of entries) {
        tail.entries.push({ entry, batch: mark })
        mark = undefined
      }
    }
  }

  const settle = (stream: number, upTo: number): readonly TailEntry[] => {
    const tail = streams.get(stream)
    if (tail === undefined) return []
    const count = upTo - tail.first + 1
    if (count >= tail.entries.length) {
      streams.delete(stream)
      return tail.entries
    }
    if (count <= 0) return []
    streams.set(stream, { first: upTo + 1, entries: tail.entries.slice(count) })
    return tail.entries.slice(0, count)
  }

  const indexed = (some: Iterable<TailBatch>): void => {
    for (const batch of some) {
      batch.isIndexed = true
      // The id may have been forgotten with its streams and be in use again.
      if (batches.get(batch.id) === batch) batches.delete(batch.id)
    }
  }

  const unindexed = (upTo: number, count: number): readonly TailBatch[] => {
    const found: TailBatch[] = []
    for (const batch of batches.values()) {
      const isEnough = found.length >= count && batch.row !== found.at(-1)?.row
      if (batch.row > upTo || isEnough) break
      found.push(batch)
    }
    return found
  }

  const replayBatch = (records: BatchRecord, row: TailRow, offset: number): number => {
    let end = offset
    let id = ''
    const parts = records.map(([stream, first, fields]) => {
      const stored = entriesOf(fields, row.data, end)
      id = stored[0]?.batch?.id ?? id
      const entries = stored.map(({ entry }) => entry)
      for (const entry of entries) end += entry.data.length
      return { stream, first, entries }
    })
    const content = joinSums(parts.flatMap((part) => part.entries.map((entry) => entry.content)))
    const positions = parts.map((part) => part.first + part.entries.length - 1)
    add({ id, content, positions, row: row.seq, isIndexed: false }, parts)
    return end
  }

  return {
    streams,
    batches,
    add,
    settle,
    indexed,
    unindexed,
    replay: (row) => {
      let offset = 0
      for (const record of row.records) {
        if (isBatch(record)) offset = replayBatch(record, row, offset)
        else if (isIndexing(record)) indexed(unindexed(record[1], Infinity))
        else if (!isRemoval(record)) {
          for (const { batch } of settle(...record)) if (batch !== undefined) indexed([batch])
        }
      }
    },
    clear: () => {
      streams.clear()
      batches.clear()
    },
  }
}
