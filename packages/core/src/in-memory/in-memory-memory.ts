import type {
  Json,
  JsonObject,
  Memory,
  MemoryListQuery,
  MemoryMatch,
  MemoryPage,
  MemoryRecord,
  MemorySearchQuery,
  MemoryWrite,
} from '../ports/memory.ts'
import { wordsOf } from '../ports/memory-words.ts'
import { requireOpen, type InMemoryState } from './in-memory-state.ts'
import {
  checkMemoryKey,
  checkMemoryScope,
  checkTtl,
  jsonText,
  limitOf,
  searchedWords,
} from './in-memory-memory-input.ts'

/** A record as kept: its JSON as text, so that no caller shares memory with another. */
export interface StoredMemory {
  readonly scope: string
  readonly key: string
  /** Value, tags and metadata. */
  readonly text: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly expiresAt: number | undefined
  /** Made when it is first searched. */
  words?: ReadonlyMap<string, number>
}

/** The records of one scope. */
export interface MemoryShelf {
  readonly records: Map<string, StoredMemory>
  /** The keys in order, until one is added or removed. */
  sorted?: readonly string[]
}

/** So many records that may have expired are looked at with each write. */
const lookedAtPerWrite = 16

/** The memory of an in-memory store. Each call is one synchronous turn, which makes it atomic. */
export function inMemoryMemory(state: InMemoryState): Memory {
  const { shelves, expiring } = state.memory
  const isLive = (record: StoredMemory): boolean =>
    record.expiresAt === undefined || record.expiresAt > state.clock()

  const remove = (record: StoredMemory): void => {
    expiring.delete(record)
    const shelf = shelves.get(record.scope)
    if (shelf?.records.get(record.key) !== record) return
    shelf.records.delete(record.key)
    delete shelf.sorted
    if (shelf.records.size === 0) shelves.delete(record.scope)
  }
  /** Looked at in turn: one that stays goes to the end of the row. */
  const removeSomeExpired = (): void => {
    let left = lookedAtPerWrite
    for (const record of expiring) {
      if (left-- === 0) return
      if (!isLive(record)) remove(record)
      else if (expiring.delete(record)) expiring.add(record)
    }
  }
  const find = (scope: string, key: string): StoredMemory | undefined => {
    const record = shelves.get(scope)?.records.get(key)
    return record !== undefined && isLive(record) ? record : undefined
  }
  const put = (record: StoredMemory): void => {
    const { scope, key, expiresAt } = record
    let shelf = shelves.get(scope)
    if (shelf === undefined) shelves.set(scope, (shelf = { records: new Map() }))
    const before = shelf.records.get(key)
    if (before === undefined) delete shelf.sorted
    else expiring.delete(before)
    shelf.records.set(key, record)
    if (expiresAt !== undefined) expiring.add(record)
  }

  return {
    get: async (scope, key) => {
      requireOpen(state)
      const record = find(checkMemoryScope(scope), checkMemoryKey(key))
      return record && toRecord(record)
    },
    set: async (scope, key, write) => {
      requireOpen(state)
      const place = { scope: checkMemoryScope(scope), key: checkMemoryKey(key) }
      const { text, ttlMs } = contentOf(write)
      removeSomeExpired()
      const now = state.clock()
      const createdAt = find(place.scope, place.key)?.createdAt ?? now
      const expiresAt = ttlMs === undefined ? undefined : now + ttlMs
      const record = { ...place, text, createdAt, updatedAt: now, expiresAt }
      put(record)
      return toRecord(record)
    },
    delete: async (scope, key) => {
      requireOpen(state)
      const record = find(checkMemoryScope(scope), checkMemoryKey(key))
      if (record !== undefined) remove(record)
      return record !== undefined
    },
    list: async (scope, query = {}) => {
      requireOpen(state)
      return listShelf(shelves.get(checkMemoryScope(scope)), query, isLive)
    },
    search: async (scope, query) => {
      requireOpen(state)
      return searchShelf(shelves.get(checkMemoryScope(scope)), query, isLive)
    },
  }
}

function contentOf({ value, tags = [], metadata = {}, ttlMs }: MemoryWrite): {
  readonly text: string
  readonly ttlMs: number | undefined
} {
  checkTtl(ttlMs)
  return { text: jsonText([value, [...tags], metadata]), ttlMs }
}

function toRecord({ key, text, createdAt, updatedAt, expiresAt }: StoredMemory): MemoryRecord {
  const [value, tags, metadata] = JSON.parse(text) as [Json, string[], JsonObject]
  return {
    key,
    value,
    tags,
    metadata,
    createdAt,
    updatedAt,
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

type IsLive = (record: StoredMemory) => boolean

function listShelf(
  shelf: MemoryShelf | undefined,
  { prefix = '', limit, cursor }: MemoryListQuery,
  isLive: IsLive,
): MemoryPage {
  const size = limitOf(limit, 100)
  const after = cursor === undefined ? undefined : keyOfCursor(cursor)
  if (shelf === undefined) return { records: [] }
  const found: StoredMemory[] = []
  for (const key of sortedKeys(shelf)) {
    if (!key.startsWith(prefix) || (after !== undefined && byCodePoint(key, after) <= 0)) continue
    const record = shelf.records.get(key)
    if (record === undefined || !isLive(record)) continue
    if (found.length === size)
      return { records: found.map(toRecord), cursor: cursorOf(found.at(-1)?.key ?? '') }
    found.push(record)
  }
  return { records: found.map(toRecord) }
}

function sortedKeys(shelf: MemoryShelf): readonly string[] {
  return (shelf.sorted ??= [...shelf.records.keys()].sort(byCodePoint))
}

/** The order of a database that compares UTF-8: UTF-16 units would put U+FF5E after an emoji. */
function byCodePoint(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

const cursorOf = (key: string): string => Buffer.from(JSON.stringify({ after: key })).toString('base64url')

function keyOfCursor(cursor: string): string {
  try {
    const { after } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { after?: unknown }
    if (typeof after === 'string') return after
  } catch {
    // Not JSON: nothing that was given here.
  }
  throw new TypeError('The cursor of a memory list is not one that a page before gave')
}

function searchShelf(
  shelf: MemoryShelf | undefined,
  query: MemorySearchQuery,
  isLive: IsLive,
): readonly MemoryMatch[] {
  const size = limitOf(query.limit, 10)
  const words = searchedWords(query.text)
  if (shelf === undefined || words.length === 0) return []
  const matches: { readonly record: StoredMemory; readonly score: number }[] = []
  for (const record of shelf.records.values()) {
    if (!isLive(record)) continue
    const counts = (record.words ??= countWords(record))
    if (!words.every((word) => counts.has(word))) continue
    const hits = words.reduce((sum, word) => sum + (counts.get(word) ?? 0), 0)
    matches.push({ record, score: hits / (counts.size + words.length) })
  }
  return matches
    .sort((left, right) => right.score - left.score)
    .slice(0, size)
    .map(({ record, score }) => ({ record: toRecord(record), score }))
}

function countWords({ key, text }: StoredMemory): ReadonlyMap<string, number> {
  const [value, tags] = JSON.parse(text) as [Json, string[]]
  const counts = new Map<string, number>()
  for (const word of wordsOf([key, tags, value])) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}
