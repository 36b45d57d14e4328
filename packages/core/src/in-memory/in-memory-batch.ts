import type { Batch, EntryInput, Head } from '../ports/journal.ts'
import type { StoredHead } from './in-memory-head-index.ts'
import type { StoredEntry, StoredPart } from './in-memory-state.ts'

const maxStreamName = 200
const maxHeadBytes = 8_192
/** No UTF-16 code unit takes more UTF-8 bytes than this, so short texts need no encoding to be measured. */
const maxBytesPerUnit = 3

/** A batch in the form in which it is kept: validated, and sharing no memory with its caller. */
export interface PreparedBatch {
  readonly parts: readonly StoredPart[]
  readonly heads: readonly StoredHead[]
}

function requireStreamName(name: string): void {
  if (typeof name !== 'string' || name.length === 0) throw new TypeError('A stream name must not be empty')
  if (name.length > maxStreamName)
    throw new TypeError(`A stream name has at most ${maxStreamName} characters`)
}

function toStoredHead(head: Head): StoredHead {
  requireStreamName(head.stream)
  const { data, ...rest } = head
  const text = JSON.stringify(data)
  const isOverSize = text.length * maxBytesPerUnit > maxHeadBytes && Buffer.byteLength(text) > maxHeadBytes
  if (isOverSize) throw new TypeError(`The data of a head has at most ${maxHeadBytes} bytes as JSON`)
  return { ...rest, text }
}

/** Batches are kept as long as their streams, so their lists are made in their size: one that is pushed to has room for more. */
function toStoredParts(entries: NonNullable<Batch['entries']>): readonly StoredPart[] {
  for (const { stream } of entries) requireStreamName(stream)
  const filled = entries.some((part) => part.entries.length === 0)
    ? entries.filter((part) => part.entries.length > 0)
    : entries
  return filled.map((part) => ({ stream: part.stream, entries: part.entries.map(toStoredEntry) }))
}

function toStoredEntry({ type, at, data }: EntryInput): StoredEntry {
  return { type, at, text: JSON.stringify(data) }
}

/** Everything that can be wrong with a batch by itself is found here, before any state is looked at. */
export function prepareBatch(batch: Batch): PreparedBatch {
  for (const { stream } of batch.expect ?? []) requireStreamName(stream)
  for (const stream of batch.drop ?? []) requireStreamName(stream)
  return {
    parts: batch.entries === undefined ? none : toStoredParts(batch.entries),
    heads: batch.heads === undefined ? none : batch.heads.map(toStoredHead),
  }
}

/** Whether two batches have equal streams, types and data in order; times do not count. */
export function haveEqualContent(left: readonly StoredPart[], right: readonly StoredPart[]): boolean {
  if (left.length !== right.length) return false
  return left.every((part, index) => {
    const other = right[index] as StoredPart
    if (part.stream !== other.stream || part.entries.length !== other.entries.length) return false
    return part.entries.every((entry, at) => {
      const twin = other.entries[at] as StoredEntry
      return entry.type === twin.type && entry.text === twin.text
    })
  })
}

const none: readonly never[] = []
