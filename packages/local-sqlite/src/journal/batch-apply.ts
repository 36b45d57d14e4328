import { journalErrorCodes, PortError } from '@belay/core/ports'
import type { AppendResult, Fence } from '@belay/core/ports'
import type { Tables } from '../tables.ts'
import type { PreparedBatch } from './batch-input.ts'
import { repeatBatch, resultOf } from './batch-repeat.ts'

/**
 * Applies a batch inside a write transaction. Everything is checked, in the order that the port states,
 * before anything is written: batches of other runs share the transaction.
 */
export function applyBatch(tables: Tables, batch: PreparedBatch, now: number): AppendResult {
  if (batch.parts.length > 0) {
    const row = tables.entries.find(batch.id)
    if (row !== undefined) return repeatBatch(tables, batch, row)
  }
  if (batch.fence !== undefined) checkFence(tables, batch.fence, now)
  checkExpected(tables, batch)
  for (const stream of batch.drop) dropStream(tables, stream)
  const positions = batch.parts.length > 0 ? appendParts(tables, batch) : []
  for (const head of batch.heads) tables.heads.replace(head)
  if (batch.fence?.release === true) tables.leases.remove(batch.fence.leaseKey)
  return resultOf(batch.parts, positions)
}

/** Appends the entries and gives the last position of each stream. */
function appendParts(tables: Tables, { id, content, parts }: PreparedBatch): readonly number[] {
  const positions: number[] = []
  const added = parts.map(({ stream: name, entries }) => {
    const stream = tables.streams.get(name) ?? tables.streams.create(name)
    const first = stream.last + 1
    stream.last += entries.length
    positions.push(stream.last)
    return { stream: stream.id, first, entries }
  })
  tables.entries.append({ id, content, parts: added })
  return positions
}

function checkFence(tables: Tables, { leaseKey, token }: Fence, now: number): void {
  const lease = tables.leases.get(leaseKey)
  if (lease !== undefined && lease.token === token && lease.expiresAt > now) return
  throw new PortError({
    code: journalErrorCodes.fenced,
    message: 'The token of this batch is not the current one of its lease',
    meta: { leaseKey, token },
  })
}

function checkExpected(tables: Tables, { expect }: PreparedBatch): void {
  for (const { stream, position: expected } of expect) {
    const actual = tables.streams.get(stream)?.last ?? 0
    if (actual === expected) continue
    throw new PortError({
      code: journalErrorCodes.conflict,
      message: `The stream ends at ${actual} and not at ${expected}`,
      meta: { stream, expected, actual },
    })
  }
}

function dropStream(tables: Tables, name: string): void {
  tables.heads.remove(name)
  const stream = tables.streams.get(name)
  if (stream === undefined) return
  tables.entries.remove(stream)
  tables.streams.remove(name)
}
