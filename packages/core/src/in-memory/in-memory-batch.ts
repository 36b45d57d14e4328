import type { Batch, EntryInput, Head } from '../ports/journal.ts'
import type { StoredHead } from './in-memory-head-index.ts'
import type { StoredEntry } from './in-memory-state.ts'

const maxStreamName = 200
const maxHeadBytes = 8_192
/** No UTF-16 code unit takes more UTF-8 bytes than this, so short texts need no encoding to be measured. */
const maxBytesPerUnit = 3

/** Entries for one stream, sharing no memory with whoever gave them. */
export interface PreparedPart {
  readonly stream: string
  readonly entries: StoredEntry[]
}

/** A batch in the form in which it is kept: validated, and sharing no memory with its caller. */
export interface PreparedBatch {
  readonly parts: readonly PreparedPart[]
  readonly heads: readonly StoredHead[]
}

function requireStreamName(name: string): void {
  if (typeof name !== 'string' || name.length === 0) throw new TypeError('A stream name must not be empty')
  if (name.length > maxStreamName)
    throw new TypeError(`A stream name has at most ${maxStreamName} characters`)
}

function toStoredHead({ stream, kind, group, state, leaseKey, dueAt, updatedAt, data }: Head): StoredHead {
  requireStreamName(stream)
  const text = JSON.stringify(data)
  const isOverSize = text.length * maxBytesPerUnit > maxHeadBytes && Buffer.byteLength(text) > maxHeadBytes
  if (isOverSize) throw new TypeError(`The data of a head has at most ${maxHeadBytes} bytes as JSON`)
  return { stream, kind, group, state, leaseKey, dueAt, updatedAt, text }
}

function toPreparedParts(entries: NonNullable<Batch['entries']>): readonly PreparedPart[] {
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
  for (const { stream } of batch.expect ?? none) requireStreamName(stream)
  for (const stream of batch.drop ?? none) requireStreamName(stream)
  return {
    parts: batch.entries === undefined ? none : toPreparedParts(batch.entries),
    heads: batch.heads === undefined ? none : batch.heads.map(toStoredHead),
  }
}

const none: readonly never[] = []
