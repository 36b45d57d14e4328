import type { Json } from './json.ts'

/** A word: letters with their marks, and digits. The same in queries and in what is searched. */
const word = /[\p{L}\p{M}\p{N}]+/gu

/**
 * The words that `memory.search` compares: of a text, or of every string in a JSON value, in order, in lower case and
 * composed form. Here, so that every adapter finds the same. Names of properties are not content.
 */
export function wordsOf(value: Json): string[] {
  if (typeof value === 'string') return value.normalize('NFC').toLowerCase().match(word) ?? []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((part: Json) => wordsOf(part))
}
