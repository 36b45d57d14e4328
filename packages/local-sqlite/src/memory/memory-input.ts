import { wordsOf } from '@belay/core/ports'
import type { MemoryScope, MemoryWrite } from '@belay/core/ports'
import { jsonTextOf, requireText } from '../text-check.ts'
import type { ScopeKey } from './memory-table.ts'

/** The port's limits. */
const maxName = 512
const maxLimit = 1_000
const maxSearch = 1_000

function requireName(name: string, what: string): string {
  requireText(name, what, maxName)
  if (name === '') throw new TypeError(`${what} must not be empty`)
  return name
}

/** Throws `TypeError` when it is not a scope. */
export function scopeKeyOf(scope: MemoryScope): ScopeKey {
  return {
    kind: requireName(scope?.kind, 'The kind of a memory scope'),
    id: requireName(scope.id, 'The id of a memory scope'),
  }
}

/** Throws `TypeError` when no record can have this key. */
export function requireMemoryKey(key: string): string {
  return requireName(key, 'A memory key')
}

/** The limit of a list or a search. */
export function limitOf(limit: number | undefined, usual: number): number {
  if (limit === undefined) return usual
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit
  throw new TypeError(`The limit of a memory list or search is a whole number from 1 to ${maxLimit}`)
}

/** The record's JSON and how long it lives. Throws `TypeError` for what is not JSON or not a time. */
export function contentOf({ value, tags = [], metadata = {}, ttlMs }: MemoryWrite): {
  readonly data: string
  readonly ttlMs: number | undefined
} {
  if (ttlMs !== undefined && !(Number.isFinite(ttlMs) && ttlMs > 0)) {
    throw new TypeError(
      `The time to live of a record is a number of milliseconds over 0, not ${String(ttlMs)}`,
    )
  }
  const parts = [value, [...tags], metadata].map((part) => jsonTextOf(part, 'The value of a memory record'))
  return { data: `[${parts.join(',')}]`, ttlMs }
}

/** A cursor says after which key the next part begins. */
export function cursorAfter(key: string): string {
  return Buffer.from(JSON.stringify({ after: key })).toString('base64url')
}

/** Throws `TypeError` for a cursor that was not given here. */
export function keyOfCursor(cursor: string): string {
  try {
    const { after } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { after?: unknown }
    if (typeof after === 'string' && after.isWellFormed()) return after
  } catch {
    // Not JSON.
  }
  throw new TypeError('The cursor of a memory list is not one that a page before gave')
}

/** The different words of a search; the index looks for each of them. */
export function searchedWords(text: string): readonly string[] {
  if (typeof text !== 'string' || text.length > maxSearch) {
    throw new TypeError(`The text of a memory search is a text of at most ${maxSearch} characters`)
  }
  return [...new Set(wordsOf(text))]
}
