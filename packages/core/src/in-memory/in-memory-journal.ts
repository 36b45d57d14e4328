import { journalErrorCodes, PortError } from '../ports/errors.ts'
import type { AppendResult, Batch, Entry, Fence, Journal, ReadOptions } from '../ports/journal.ts'
import { prepareBatch } from './in-memory-batch.ts'
import type { PreparedBatch } from './in-memory-batch.ts'
import { dropHead, putHead } from './in-memory-head-index.ts'
import { queryHeads } from './in-memory-heads.ts'
import { liveLease, requireOpen } from './in-memory-state.ts'
import type { InMemoryState } from './in-memory-state.ts'
import { dropWrites, repeatBatch, writeBatch } from './in-memory-writes.ts'

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
  if (earlier !== undefined) return repeatBatch(state, earlier, parts)
  if (batch.fence !== undefined) checkFence(state, batch.fence)
  for (const { stream, position } of batch.expect ?? []) checkPosition(state, stream, position)

  for (const stream of batch.drop ?? []) dropStream(state, stream)
  const result = writeBatch(state, batch.id, parts)
  for (const head of heads) putHead(state.heads, head)
  if (batch.fence?.release === true) state.leases.delete(batch.fence.leaseKey)
  return result
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
  dropWrites(state, stream)
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
