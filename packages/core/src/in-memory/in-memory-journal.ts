import { journalErrorCodes, PortError } from '../ports/errors.ts'
import type { AppendResult, Batch, Entry, Fence, Journal, ReadOptions } from '../ports/journal.ts'
import { haveEqualContent, prepareBatch } from './in-memory-batch.ts'
import type { PreparedBatch } from './in-memory-batch.ts'
import { dropHead, putHead } from './in-memory-head-index.ts'
import { queryHeads } from './in-memory-heads.ts'
import { liveLease, requireOpen } from './in-memory-state.ts'
import type { InMemoryState, StoredBatch, StoredPart } from './in-memory-state.ts'

const defaultLimit = 1_000

/** The journal of an in-memory store. Each call is one synchronous turn, which makes it atomic. */
export function inMemoryJournal(state: InMemoryState): Journal {
  return {
    append: async (batch) => {
      requireOpen(state)
      return append(state, batch, prepareBatch(batch))
    },
    read: async (stream, options) => {
      requireOpen(state)
      return read(state, stream, options)
    },
    heads: async (query) => {
      requireOpen(state)
      return queryHeads(state, query)
    },
  }
}

function append(state: InMemoryState, batch: Batch, { parts, heads }: PreparedBatch): AppendResult {
  const earlier = state.batches.get(batch.id)
  if (earlier !== undefined) return repeat(earlier, parts)
  if (batch.fence !== undefined) checkFence(state, batch.fence)
  for (const { stream, position } of batch.expect ?? []) checkPosition(state, stream, position)

  for (const stream of batch.drop ?? []) dropStream(state, stream)
  const result = appendParts(state, batch.id, parts)
  for (const head of heads) putHead(state.heads, head)
  if (batch.fence?.release === true) state.leases.delete(batch.fence.leaseKey)
  return result
}

function repeat(earlier: StoredBatch, parts: readonly StoredPart[]): AppendResult {
  if (haveEqualContent(earlier.parts, parts)) return resultOf(earlier)
  throw new PortError({
    code: journalErrorCodes.conflict,
    message: `Batch ${earlier.id} was applied with other content`,
    meta: { batchId: earlier.id },
  })
}

function checkFence(state: InMemoryState, { leaseKey, token }: Fence): void {
  if (liveLease(state, leaseKey)?.token === token) return
  throw new PortError({
    code: journalErrorCodes.fenced,
    message: `Token ${token} is not the current one of lease ${leaseKey}`,
    meta: { leaseKey, token },
  })
}

function checkPosition(state: InMemoryState, stream: string, expected: number): void {
  const actual = state.streams.get(stream)?.entries.length ?? 0
  if (actual === expected) return
  throw new PortError({
    code: journalErrorCodes.conflict,
    message: `Stream ${stream} ends at ${actual}, not at ${expected}`,
    meta: { stream, expected, actual },
  })
}

function dropStream(state: InMemoryState, stream: string): void {
  dropHead(state.heads, stream)
  const stored = state.streams.get(stream)
  if (stored === undefined) return
  state.streams.delete(stream)
  for (const batch of stored.batches) {
    batch.livingStreams -= 1
    if (batch.livingStreams === 0) state.batches.delete(batch.id)
  }
}

function appendParts(state: InMemoryState, id: string, parts: readonly StoredPart[]): AppendResult {
  if (parts.length === 0) return { positions: {} }
  const batch: StoredBatch = { id, parts, ends: noEnds, livingStreams: 0 }
  batch.ends = parts.map((part) => appendPart(state, batch, part))
  state.batches.set(id, batch)
  return resultOf(batch)
}

/** Gives the last position of the stream. A stream begins as the list that its first batch brought. */
function appendPart(state: InMemoryState, batch: StoredBatch, { stream, entries }: StoredPart): number {
  const stored = state.streams.get(stream)
  if (stored === undefined) {
    state.streams.set(stream, { entries: [...entries], batches: [batch] })
    batch.livingStreams += 1
    return entries.length
  }
  for (const entry of entries) stored.entries.push(entry)
  if (stored.batches.at(-1) !== batch) {
    stored.batches.push(batch)
    batch.livingStreams += 1
  }
  return stored.entries.length
}

const noEnds: readonly number[] = []

/** Where each stream ended after a batch. A computed name is an own property whatever it is, also `__proto__`. */
function resultOf({ parts, ends }: StoredBatch): AppendResult {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return { positions: { [first.stream]: ends[0] ?? 0 } }
  return { positions: Object.fromEntries(parts.map((part, index) => [part.stream, ends[index] ?? 0])) }
}

function read(state: InMemoryState, stream: string, options: ReadOptions | undefined): readonly Entry[] {
  const stored = state.streams.get(stream)
  if (stored === undefined) return []
  const after = Math.max(0, options?.after ?? 0)
  const limit = Math.max(0, options?.limit ?? defaultLimit)
  const end = Math.min(stored.entries.length, after + limit)
  const entries: Entry[] = []
  for (let index = after; index < end; index += 1) {
    const entry = stored.entries[index]
    if (entry === undefined) break
    entries.push({ position: index + 1, type: entry.type, at: entry.at, data: JSON.parse(entry.text) })
  }
  return entries
}
