import { invalidOption } from '../define/check.ts'
import type { MemoryWriteOptions } from '../define/memory.ts'
import type { JsonObject, MemoryWrite } from '../ports/index.ts'
import { toFrozenJson } from '../schema/json.ts'

const keyPattern = /^[A-Za-z0-9_.\-:]{1,256}$/
const prefixPattern = /^[A-Za-z0-9_.\-:]{0,256}$/

/** Enough for labels; what is longer belongs into the value. */
const maxTags = 64
const maxTagLength = 256

/** The port's limit. */
const maxSearchLength = 1_000

/** What a cursor may be long: that of the longest key, however an adapter writes it. */
const maxCursorLength = 8_192

/** Messages do not hold the key: it may say whom the record is about. */
export function checkKey(key: unknown): string {
  if (typeof key === 'string' && keyPattern.test(key)) return key
  return invalidOption('memory', 'key', 'use 1 to 256 of A-Z a-z 0-9 _ . - :')
}

export function checkPrefix(prefix: unknown): string {
  if (typeof prefix === 'string' && prefixPattern.test(prefix)) return prefix
  return invalidOption('memory.list', 'prefix', 'use up to 256 of A-Z a-z 0-9 _ . - :')
}

export function checkLimit(operation: 'list' | 'search', limit: unknown): number {
  if (Number.isInteger(limit) && (limit as number) >= 1 && (limit as number) <= 1_000) return limit as number
  return invalidOption(`memory.${operation}`, 'limit', 'use a whole number from 1 to 1,000')
}

export function checkCursor(cursor: unknown): void {
  if (cursor === undefined || (typeof cursor === 'string' && cursor.length <= maxCursorLength)) return
  invalidOption('memory.list', 'cursor', 'use one that a part before gave')
}

export function checkSearch(text: unknown): string {
  if (typeof text === 'string' && text.length <= maxSearchLength && text.isWellFormed()) return text
  return invalidOption('memory.search', 'text', `use a text of at most ${maxSearchLength} characters`)
}

/** A copy of what is to be stored, which the caller cannot change any more. Throws `validation/value`, `validation/options`. */
export function checkWrite(
  value: unknown,
  options: MemoryWriteOptions,
): MemoryWrite & Required<Pick<MemoryWrite, 'tags' | 'metadata'>> {
  const { ttlMs, tags = [], metadata = {} } = options
  if (ttlMs !== undefined && !(Number.isFinite(ttlMs) && ttlMs > 0))
    invalidOption('memory.write', 'ttlMs', 'use a number of milliseconds over 0')
  if (!Array.isArray(tags) || tags.length > maxTags || !tags.every(isTag))
    invalidOption('memory.write', 'tags', `use up to ${maxTags} texts of 1 to ${maxTagLength} characters`)
  const kept = toFrozenJson(metadata, 'The metadata of memory.write')
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept))
    invalidOption('memory.write', 'metadata', 'use an object')
  return {
    value: toFrozenJson(value, 'The value of memory.write'),
    tags: [...tags],
    metadata: kept as JsonObject,
    ...(ttlMs !== undefined && { ttlMs }),
  }
}

function isTag(tag: unknown): boolean {
  return typeof tag === 'string' && tag.length > 0 && tag.length <= maxTagLength && tag.isWellFormed()
}
