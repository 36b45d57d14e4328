import { wordsOf } from '@belay/core/ports'
import type { Json, JsonObject, Memory, MemoryRecord } from '@belay/core/ports'
import type { StoreParts } from '../journal/sqlite-journal.ts'
import { afterKey, endOfPrefix, laterOf } from './key-range.ts'
import {
  contentOf,
  cursorAfter,
  keyOfCursor,
  limitOf,
  requireMemoryKey,
  scopeKeyOf,
  searchedWords,
} from './memory-input.ts'
import type { StoredMemory } from './memory-table.ts'

/** With each write so many expired records of any scope are removed: more than one, so that they become fewer. */
const removedPerWrite = 16

/** The memory of a store, in the same file as its journal. The clock is read inside the transaction of a write. */
export function sqliteMemory({ connection, queue, life, settings }: StoreParts): Memory {
  const { clock } = settings
  return {
    get: (scope, key) =>
      life.track(async () => {
        const place = scopeKeyOf(scope)
        requireMemoryKey(key)
        const record = await connection.read(({ memory }) => memory.get(place, key))
        return record !== undefined && isLive(record, clock()) ? toRecord(record) : undefined
      }),
    set: async (scope, key, write) => {
      life.requireOpen()
      const place = scopeKeyOf(scope)
      requireMemoryKey(key)
      const { data, ttlMs } = contentOf(write)
      const words = wordsOf([key, [...(write.tags ?? [])], write.value]).join(' ')
      const record = await queue.write(({ memory }) => {
        const now = clock()
        memory.removeExpired(now, removedPerWrite)
        const before = memory.get(place, key)
        const stored: StoredMemory = {
          key,
          data,
          createdAt: before !== undefined && isLive(before, now) ? before.createdAt : now,
          updatedAt: now,
          expiresAt: ttlMs === undefined ? null : now + ttlMs,
        }
        memory.put(place, stored, words)
        return stored
      })
      return toRecord(record)
    },
    delete: async (scope, key) => {
      life.requireOpen()
      const place = scopeKeyOf(scope)
      requireMemoryKey(key)
      return queue.write(({ memory }) => {
        const record = memory.get(place, key)
        if (record === undefined) return false
        memory.remove(place, key)
        return isLive(record, clock())
      })
    },
    list: (scope, query = {}) =>
      life.track(async () => {
        const place = scopeKeyOf(scope)
        const { prefix = '', cursor } = query
        const limit = limitOf(query.limit, 100)
        const from = cursor === undefined ? prefix : laterOf(prefix, afterKey(keyOfCursor(cursor)))
        const range = { from, to: endOfPrefix(prefix), limit: limit + 1 }
        const found = await connection.read(({ memory }) => memory.list(place, { ...range, now: clock() }))
        const records = found.slice(0, limit).map(toRecord)
        const last = records.at(-1)
        return {
          records,
          ...(found.length > limit && last !== undefined && { cursor: cursorAfter(last.key) }),
        }
      }),
    search: (scope, query) =>
      life.track(async () => {
        const place = scopeKeyOf(scope)
        const limit = limitOf(query.limit, 10)
        const words = searchedWords(query.text)
        if (words.length === 0) return []
        // A word holds letters and digits alone, so there is nothing in it that the index could read as syntax.
        const match = words.map((word) => `"${word}"`).join(' AND ')
        const found = await connection.read(({ memory }) =>
          memory.search(place, { match, limit, now: clock() }),
        )
        return found.map(({ record, score }) => ({ record: toRecord(record), score }))
      }),
  }
}

const isLive = ({ expiresAt }: StoredMemory, now: number): boolean => expiresAt === null || expiresAt > now

function toRecord({ key, data, createdAt, updatedAt, expiresAt }: StoredMemory): MemoryRecord {
  const [value, tags, metadata] = JSON.parse(data) as [Json, string[], JsonObject]
  return {
    key,
    value,
    tags,
    metadata,
    createdAt,
    updatedAt,
    ...(expiresAt !== null && { expiresAt }),
  }
}
