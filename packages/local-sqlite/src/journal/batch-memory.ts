import { contentSum, joinSums } from '../checksum.ts'
import type { Database } from '../database/driver.ts'
import { batchTable, batchSum } from './batch-table.ts'
import type { BatchRow } from './batch-table.ts'
import type { EntryTable } from './entry-table.ts'
import type { StreamTable } from './stream-table.ts'

/**
 * Which batches were applied. An index of ids is a page of its own, and writing it at every commit would
 * double what a commit of one entry writes. The id is in the entry already, so the index may come later:
 * `unindexed` names the streams whose newest ids are only in their entries, and after some commits they
 * are written to the index together. Every step is part of the transaction that needs it, so a crash or
 * another process finds either the index or the name of the stream to look into.
 */
export interface BatchMemory {
  find(id: string): BatchRow | undefined
  remember(batch: AppliedBatch): void
  /** Forgets the batches whose last living stream is this one. Before its entries are removed. */
  forgetWith(stream: number): void
  /** What is in memory may not be in the file: another connection wrote, or a transaction was taken back. */
  forget(reason: 'foreign-write' | 'rollback'): void
}

/** A batch that appended entries. */
export interface AppliedBatch {
  readonly id: string
  readonly content: number
  /** The last position in each of its streams, in the order of the batch. */
  readonly positions: readonly number[]
  /** Where the first stream stood before. */
  readonly first: { readonly stream: number; readonly after: number }
}

interface Unindexed {
  readonly stream: number
  readonly last: number
  readonly content: number
}

/** So many ids wait for the index at most; finding them again after a crash reads as many entries. */
const maxUnindexed = 64

/** Naming a stream costs a row, which pays for a few streams with many commits and not for many with few. */
const maxStreams = 4

/** While other processes write as well, each turn would have to look into the entries again: index at once. */
const cautiousBatches = 64

/** Prepares the statements. */
export function batchMemory(db: Database, entries: EntryTable, streams: StreamTable): BatchMemory {
  const table = batchTable(db)
  const selectNames = db.prepare('SELECT stream, after FROM unindexed').raw()
  const insertName = db.prepare('INSERT INTO unindexed VALUES (?, ?)')
  const eraseName = db.prepare('DELETE FROM unindexed WHERE stream = ?')
  const eraseNames = db.prepare('DELETE FROM unindexed')
  const waiting = new Map<string, Unindexed>()
  const named = new Set<number>()
  let isKnown = false
  let cautious = 0

  const load = (): void => {
    isKnown = true
    for (const [stream, after] of selectNames.all() as [number, number][]) {
      named.add(stream)
      for (const [id, found] of scan(stream, after)) if (table.get(id) === undefined) waiting.set(id, found)
    }
  }

  /** The batches that wrote to a stream after a position, as far as that stream shows. */
  const scan = (stream: number, after: number): [id: string, found: Unindexed][] => {
    const name = streams.nameOf(stream) ?? ''
    const found = new Map<string, { last: number; sums: number[] }>()
    let current = { last: 0, sums: [] as number[] }
    for (const [position, type, , data, batch] of entries.after(stream, after, Number.MAX_SAFE_INTEGER)) {
      if (batch !== null) {
        current = { last: position, sums: [] }
        found.set(String(batch), current)
      }
      current.last = position
      current.sums.push(contentSum(name, String(type), String(data)))
    }
    return [...found].map(([id, { last, sums }]) => [id, { stream, last, content: joinSums(sums) }])
  }

  const indexAll = (): void => {
    for (const [id, { last, content }] of waiting) table.insert(id, [last], content)
    if (named.size > 0) eraseNames.run()
    waiting.clear()
    named.clear()
  }

  return {
    find: (id) => {
      if (!isKnown) load()
      const found = waiting.get(id)
      if (found === undefined) return table.get(id)
      return { positions: [found.last], sum: batchSum(id, [found.last], found.content) }
    },
    remember: ({ id, content, positions, first }) => {
      if (!isKnown) load()
      const isLate =
        positions.length === 1 && cautious === 0 && (named.has(first.stream) || named.size < maxStreams)
      if (!isLate) {
        if (cautious > 0) cautious -= 1
        table.insert(id, positions, content)
      } else {
        if (!named.has(first.stream)) insertName.run(first.stream, first.after)
        named.add(first.stream)
        waiting.set(id, { stream: first.stream, last: positions[0] ?? 0, content })
      }
      if (waiting.size >= maxUnindexed || (cautious > 0 && waiting.size > 0)) indexAll()
    },
    forgetWith: (stream) => {
      if (!isKnown) load()
      for (const [id, found] of waiting) if (found.stream === stream) waiting.delete(id)
      if (named.delete(stream)) eraseName.run(stream)
      table.forgetWith(stream)
    },
    forget: (reason) => {
      waiting.clear()
      named.clear()
      isKnown = false
      if (reason === 'foreign-write') cautious = cautiousBatches
    },
  }
}
