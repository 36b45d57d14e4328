import { journalErrorCodes, PortError } from '../ports/errors.ts'
import type { AppendResult } from '../ports/journal.ts'
import type { PreparedPart } from './in-memory-batch.ts'
import type { InMemoryState, StoredEntry, StoredStream, StoredWrite } from './in-memory-state.ts'

/** Appends the entries of a batch and remembers what it wrote; a batch without entries is not remembered. */
export function writeBatch(state: InMemoryState, id: string, parts: readonly PreparedPart[]): AppendResult {
  let first: StoredWrite | undefined
  let last: StoredWrite | undefined
  for (const part of parts) {
    const write = writePart(state, id, part)
    if (last === undefined) first = write
    else last.next = write
    last = write
  }
  if (first !== undefined) state.batches.set(id, first)
  return resultOf(first)
}

/** A stream begins as the list that its first batch brought. */
function writePart(state: InMemoryState, batchId: string, { stream, entries }: PreparedPart): StoredWrite {
  let stored = state.streams.get(stream)
  if (stored === undefined) state.streams.set(stream, (stored = { entries, lastWrite: undefined }))
  else for (const entry of entries) stored.entries.push(entry)
  return (stored.lastWrite = {
    batchId,
    streamName: stream,
    count: entries.length,
    end: stored.entries.length,
    next: undefined,
    before: stored.lastWrite,
    dropped: undefined,
  })
}

/** The first result of a batch that was applied before, or `journal/conflict` when this one has other content. */
export function repeatBatch(
  state: InMemoryState,
  first: StoredWrite,
  parts: readonly PreparedPart[],
): AppendResult {
  if (haveEqualContent(state, first, parts)) return resultOf(first)
  throw new PortError({
    code: journalErrorCodes.conflict,
    message: `Batch ${first.batchId} was applied with other content`,
    meta: { batchId: first.batchId },
  })
}

/** Whether a batch has equal streams, types and data in order; times do not count. */
function haveEqualContent(state: InMemoryState, first: StoredWrite, parts: readonly PreparedPart[]): boolean {
  let write: StoredWrite | undefined = first
  for (const { stream, entries } of parts) {
    if (write?.streamName !== stream || write.count !== entries.length) return false
    const written = writtenEntries(state, write)
    const isEqual = entries.every(
      ({ type, text }, index) => written[index]?.type === type && written[index].text === text,
    )
    if (!isEqual) return false
    write = write.next
  }
  return write === undefined
}

function writtenEntries(state: InMemoryState, write: StoredWrite): readonly StoredEntry[] {
  if (write.dropped !== undefined) return write.dropped
  return entriesOf(state.streams.get(write.streamName), write)
}

function entriesOf(stored: StoredStream | undefined, { count, end }: StoredWrite): readonly StoredEntry[] {
  return stored?.entries.slice(end - count, end) ?? []
}

/** Removes the entries of a stream, and the ids of the batches of which it was the last stream. */
export function dropWrites(state: InMemoryState, stream: string): void {
  const stored = state.streams.get(stream)
  if (stored === undefined) return
  state.streams.delete(stream)
  let write = stored.lastWrite
  while (write !== undefined) {
    const { batchId, before } = write
    const isWholeBatch = write.next === undefined && state.batches.get(batchId) === write
    write.dropped = isWholeBatch ? none : entriesOf(stored, write)
    // What is still remembered of this batch would keep the whole stream otherwise.
    write.before = undefined
    if (isForgotten(state.batches.get(batchId))) state.batches.delete(batchId)
    write = before
  }
}

const none: readonly StoredEntry[] = []

/** Whether every stream of a batch was dropped. */
function isForgotten(first: StoredWrite | undefined): boolean {
  for (let write = first; write !== undefined; write = write.next) {
    if (write.dropped === undefined) return false
  }
  return true
}

/** Where each stream ended after a batch. Without a prototype a name is a member whatever it is, also `__proto__`. */
function resultOf(first: StoredWrite | undefined): AppendResult {
  const positions: Record<string, number> = Object.create(null)
  for (let write = first; write !== undefined; write = write.next) positions[write.streamName] = write.end
  return { positions }
}
