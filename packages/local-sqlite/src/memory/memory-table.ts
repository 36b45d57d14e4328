import { PortError, storeErrorCodes } from '@belay/core/ports'
import { recordSum } from '../checksum.ts'
import type { Database } from '../database/driver.ts'
import { scopeToken } from './scope-token.ts'

/** A scope as the table has it. */
export interface ScopeKey {
  readonly kind: string
  readonly id: string
}

/** A record as stored; it may have expired. */
export interface StoredMemory {
  readonly key: string
  /** JSON of value, tags and metadata. */
  readonly data: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly expiresAt: number | null
}

/** Which records a list looks at. */
export interface KeyRange {
  /** The first key that may be given. */
  readonly from: string
  /** The first key that may not; absent: all to the end. */
  readonly to: string | undefined
  readonly limit: number
  readonly now: number
}

/** Values under keys of scopes. What changes something is called inside a write transaction. */
export interface MemoryTable {
  get(scope: ScopeKey, key: string): StoredMemory | undefined
  /** `words` is what a search compares. */
  put(scope: ScopeKey, record: StoredMemory, words: string): void
  remove(scope: ScopeKey, key: string): void
  /** Removes at most so many records that have expired, of whatever scope. */
  removeExpired(now: number, limit: number): void
  list(scope: ScopeKey, range: KeyRange): readonly StoredMemory[]
  /** Live records of a scope that an expression matches, best first. */
  search(
    scope: ScopeKey,
    query: { readonly match: string; readonly limit: number; readonly now: number },
  ): readonly { readonly record: StoredMemory; readonly score: number }[]
}

type Row = readonly [
  key: string,
  data: string,
  createdAt: number,
  updatedAt: number,
  expiresAt: number | null,
  sum: number,
]

function verified(
  { kind, id }: ScopeKey,
  [key, data, createdAt, updatedAt, expiresAt, sum]: Row,
): StoredMemory {
  if (recordSum(kind, id, key, data, createdAt, updatedAt, expiresAt) === sum)
    return { key, data, createdAt, updatedAt, expiresAt }
  throw new PortError({
    code: storeErrorCodes.corrupt,
    message: 'A memory record does not match its checksum',
    meta: { scope: kind },
  })
}

const columns = 'key, data, created_at, updated_at, expires_at, sum'
const ofScope = 'kind = ? AND scope = ?'
const isLive = '(expires_at IS NULL OR expires_at > ?)'

/** Prepares the statements. */
export function memoryTable(db: Database): MemoryTable {
  const select = db.prepare(`SELECT ${columns} FROM memory WHERE ${ofScope} AND key = ?`).raw()
  const selectId = db.prepare(`SELECT id FROM memory WHERE ${ofScope} AND key = ?`).pluck()
  const insert = db
    .prepare(`INSERT INTO memory(kind, scope, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`)
    .pluck()
  const erase = db.prepare('DELETE FROM memory WHERE id = ?')
  const insertWords = db.prepare('INSERT INTO memory_words(rowid, scope, words) VALUES (?, ?, ?)')
  const eraseWords = db.prepare('DELETE FROM memory_words WHERE rowid = ?')
  const expired = db.prepare('SELECT id FROM memory WHERE expires_at <= ? LIMIT ?').pluck()
  const listing = `SELECT ${columns} FROM memory WHERE ${ofScope} AND ${isLive} AND key >= ?`
  const listAll = db.prepare(`${listing} ORDER BY key LIMIT ?`).raw()
  const listTo = db.prepare(`${listing} AND key < ? ORDER BY key LIMIT ?`).raw()
  const find = db
    .prepare(
      `SELECT ${columns}, -rank FROM memory_words JOIN memory ON memory.id = memory_words.rowid ` +
        `WHERE memory_words MATCH ? AND kind = ? AND memory.scope = ? AND ${isLive} ORDER BY rank LIMIT ?`,
    )
    .raw()
  const eraseBoth = (id: number): void => {
    erase.run(id)
    eraseWords.run(id)
  }
  const remove = (scope: ScopeKey, key: string): void => {
    const id = selectId.get(scope.kind, scope.id, key) as number | undefined
    if (id !== undefined) eraseBoth(id)
  }
  return {
    get: (scope, key) => {
      const row = select.get(scope.kind, scope.id, key) as Row | undefined
      return row && verified(scope, row)
    },
    put: (scope, { key, data, createdAt, updatedAt, expiresAt }, words) => {
      remove(scope, key)
      const { kind, id } = scope
      const sum = recordSum(kind, id, key, data, createdAt, updatedAt, expiresAt)
      const row = insert.get(kind, id, key, data, createdAt, updatedAt, expiresAt, sum) as number
      insertWords.run(row, scopeToken(scope), words)
    },
    remove,
    removeExpired: (now, limit) => {
      for (const id of expired.all(now, limit) as number[]) eraseBoth(id)
    },
    list: (scope, { from, to, limit, now }) => {
      const rows =
        to === undefined
          ? listAll.all(scope.kind, scope.id, now, from, limit)
          : listTo.all(scope.kind, scope.id, now, from, to, limit)
      return (rows as Row[]).map((row) => verified(scope, row))
    },
    search: (scope, { match, limit, now }) => {
      const rows = find.all(
        `scope : "${scopeToken(scope)}" AND words : (${match})`,
        scope.kind,
        scope.id,
        now,
        limit,
      )
      return (rows as [...Row, number][]).map((row) => {
        const [key, data, createdAt, updatedAt, expiresAt, sum, score] = row
        return { record: verified(scope, [key, data, createdAt, updatedAt, expiresAt, sum]), score }
      })
    },
  }
}
