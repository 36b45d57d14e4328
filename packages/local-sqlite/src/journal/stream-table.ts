import type { CounterTable } from '../counter-table.ts'
import type { Database } from '../database/driver.ts'

/** A stream that has entries. */
export interface Stream {
  readonly id: number
  /** The position of its last entry. */
  last: number
}

/** Names of streams and where they end. */
export interface StreamTable {
  /** The stream, from memory where that is current. Only inside a write transaction. */
  get(name: string): Stream | undefined
  /** Makes a stream without entries. Only inside a write transaction. */
  create(name: string): Stream
  /** Removes the name. Only inside a write transaction. */
  remove(name: string): void
  /** The id of a stream, from the file. */
  idOf(name: string): number | undefined
  /** The name of a stream, from the file. */
  nameOf(id: number): string | undefined
  /** What is in memory may not be in the file. */
  forget(): void
}

/** Ends of more streams than this are not kept; a lookup costs some microseconds. */
const maxKept = 10_000

/** Prepares the statements. */
export function streamTable(db: Database, counters: CounterTable): StreamTable {
  const find = db
    .prepare(
      'SELECT s.id, coalesce((SELECT e.id & 4294967295 FROM entries e WHERE e.id > s.id << 32 ' +
        'AND e.id < (s.id + 1) << 32 ORDER BY e.id DESC LIMIT 1), 0) FROM streams s WHERE s.name = ?',
    )
    .raw()
  const findId = db.prepare('SELECT id FROM streams WHERE name = ?').pluck()
  const findName = db.prepare('SELECT name FROM streams WHERE id = ?').pluck()
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
      return row === undefined ? undefined : keep(name, { id: row[0], last: row[1] })
    },
    create: (name) => {
      const id = counters.next('stream')
      insert.run(id, name)
      return keep(name, { id, last: 0 })
    },
    remove: (name) => {
      erase.run(name)
      kept.delete(name)
    },
    idOf: (name) => findId.get(name) as number | undefined,
    nameOf: (id) => findName.get(id) as string | undefined,
    forget: () => {
      kept.clear()
    },
  }
}
