import type { CounterTable } from '../counter-table.ts'
import type { Database } from '../database/driver.ts'
import type { StreamRef } from './entry-table.ts'

/** A stream that has entries. */
export interface Stream extends StreamRef {
  /** The position of its last entry. */
  last: number
}

/** Names of streams and where they end. */
export interface StreamTable {
  /** The stream, from memory where that is current. Only inside a transaction. */
  get(name: string): Stream | undefined
  /** Makes a stream without entries. Only inside a write transaction. */
  create(name: string): Stream
  /** Removes the name. Only inside a write transaction. */
  remove(name: string): void
  /** What is in memory may not be in the file. */
  forget(): void
}

/** Ends of more streams than this are not kept; a lookup costs some microseconds. */
const maxKept = 10_000

/** Prepares the statements. */
export function streamTable(
  db: Database,
  counters: CounterTable,
  endInTail: (stream: number) => number | undefined,
): StreamTable {
  const find = db
    .prepare(
      'SELECT s.id, coalesce((SELECT e.id & 4294967295 FROM chunks e WHERE e.id > s.id << 32 ' +
        'AND e.id < (s.id + 1) << 32 ORDER BY e.id DESC LIMIT 1), 0) FROM streams s WHERE s.name = ?',
    )
    .raw()
  const insert = db.prepare('INSERT INTO streams(id, name) VALUES (?, ?)')
  const erase = db.prepare('DELETE FROM streams WHERE name = ?')
  const kept = new Map<string, Stream>()

  const keep = (name: string, stream: Stream): Stream => {
    if (kept.size >= maxKept) kept.clear()
    kept.set(name, stream)
    return stream
  }

  return {
    get: (name) => {
      const known = kept.get(name)
      if (known !== undefined) return known
      const row = find.get(name) as [number, number] | undefined
      if (row === undefined) return undefined
      const [id, last] = row
      return keep(name, { id, name, last: endInTail(id) ?? last })
    },
    create: (name) => {
      const id = counters.next('stream')
      insert.run(id, name)
      return keep(name, { id, name, last: 0 })
    },
    remove: (name) => {
      erase.run(name)
      kept.delete(name)
    },
    forget: () => {
      kept.clear()
    },
  }
}
