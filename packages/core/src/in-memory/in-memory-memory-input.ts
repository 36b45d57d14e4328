import type { MemoryScope } from '../ports/memory.ts'
import { wordsOf } from '../ports/memory-words.ts'

/** The port's limits. */
const maxName = 512
const maxLimit = 1_000
const maxSearch = 1_000

/** One text for a scope, from which no other scope can be made. Throws `TypeError` when it is none. */
export function checkMemoryScope(scope: MemoryScope): string {
  checkName(scope?.kind, 'The kind of a memory scope')
  checkName(scope.id, 'The id of a memory scope')
  return JSON.stringify([scope.kind, scope.id])
}

/** Throws `TypeError` when no record can have this key. */
export function checkMemoryKey(key: string): string {
  checkName(key, 'A memory key')
  return key
}

/** Throws `TypeError` unless it is absent or a time over 0. */
export function checkTtl(ttlMs: number | undefined): void {
  if (ttlMs === undefined || (Number.isFinite(ttlMs) && ttlMs > 0)) return
  throw new TypeError(`The time to live of a record is a number of milliseconds over 0, not ${String(ttlMs)}`)
}

/** The limit of a list or a search. */
export function limitOf(limit: number | undefined, usual: number): number {
  if (limit === undefined) return usual
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit
  throw new TypeError(`The limit of a memory list or search is a whole number from 1 to ${maxLimit}`)
}

/** JSON text. Throws `TypeError` when a part of the record has none. */
export function jsonText(parts: readonly unknown[]): string {
  if (parts.some((part) => part === undefined || typeof part === 'function' || typeof part === 'symbol'))
    throw new TypeError('The value of a memory record must be JSON')
  try {
    return JSON.stringify(parts)
  } catch (cause) {
    throw new TypeError('The value of a memory record must be JSON', { cause })
  }
}

function checkName(name: unknown, what: string): void {
  if (typeof name !== 'string') throw new TypeError(`${what} must be a text`)
  if (name.length === 0 || name.length > maxName)
    throw new TypeError(`${what} has 1 to ${maxName} characters`)
  if (!name.isWellFormed()) throw new TypeError(`${what} must not hold a lone surrogate`)
}

/** The different words of a search. */
export function searchedWords(text: string): readonly string[] {
  if (typeof text !== 'string' || text.length > maxSearch)
    throw new TypeError(`The text of a memory search is a text of at most ${maxSearch} characters`)
  return [...new Set(wordsOf(text))]
}
