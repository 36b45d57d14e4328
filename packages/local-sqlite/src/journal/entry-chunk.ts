import { crc32 } from 'node:zlib'
import type { Column } from '../database/driver.ts'
import type { PreparedEntry } from './batch-input.ts'

/**
 * How entries of one stream lie in one row: `head` is JSON and says everything but the texts of their data,
 * which lie one behind the other in `data`, cut by the lengths that `head` names. One row for several
 * entries costs one statement and one checksum instead of as many as there are entries. The row's sum
 * covers `head` and where it belongs; each text is covered by the sum of its entry, so that a flipped bit in
 * a text makes one entry unreadable and says which one.
 */
export interface StoredEntry {
  readonly entry: PreparedEntry
  /** On the first entry that a batch wrote to its stream. */
  readonly batch: { readonly id: string } | undefined
}

/** What `head` says of each entry: its batch or 0, type, time, content sum, length of its text. */
export type EntryFields = readonly (string | number)[]

const fieldsPerEntry = 5

/** Adds what is said of an entry. */
export function pushFields(
  fields: (string | number)[],
  entry: PreparedEntry,
  batch: string | undefined,
): void {
  fields.push(batch ?? 0, entry.type, entry.at, entry.content, entry.data.length)
}

/** How many entries the fields are of. */
export function countOf(fields: EntryFields): number {
  return fields.length / fieldsPerEntry
}

/** Cuts the entries out of a text that begins at `offset`. */
export function entriesOf(fields: EntryFields, data: string, offset: number): StoredEntry[] {
  const entries: StoredEntry[] = []
  let start = offset
  for (let index = 0; index < fields.length; index += fieldsPerEntry) {
    const length = fields[index + 4] as number
    const entry = {
      type: fields[index + 1] as string,
      at: fields[index + 2] as number,
      content: fields[index + 3] as number,
      data: data.slice(start, start + length),
    }
    const id = fields[index]
    entries.push({ entry, batch: typeof id === 'string' ? { id } : undefined })
    start += length
  }
  return entries
}

/** The ids of the batches that are marked. */
export function batchIdsOf(fields: EntryFields): readonly string[] {
  return fields.filter((field, index): field is string => index % fieldsPerEntry === 0 && field !== 0)
}

/** Sum over the head of a row and the key that it has. */
export function headSum(key: string, head: string): number {
  return crc32(`${key} ${head}`)
}

/** The JSON of a head, or `undefined` when it is not what was written under this key. */
export function parseHead(key: string, [head, data, sum]: readonly Column[]): unknown {
  const isIntact = typeof head === 'string' && typeof data === 'string' && headSum(key, head) === sum
  return isIntact ? (JSON.parse(head) as unknown) : undefined
}
