import { isDeepStrictEqual } from 'node:util'
import { journalErrorCodes, PortError } from '@belay/core/ports'
import type { AppendResult } from '@belay/core/ports'
import type { Tables } from '../tables.ts'
import type { PreparedBatch, PreparedEntry, PreparedPart } from './batch-input.ts'
import { batchSum } from './batch-table.ts'
import type { BatchRow } from './batch-table.ts'
import type { StoredEntry } from './entry-chunk.ts'

/**
 * Positions by stream name. Without a prototype a name such as `__proto__` is a member like any other, and the engine
 * of the language keeps no shape for each name that there ever was.
 */
export function resultOf(parts: readonly PreparedPart[], positions: readonly number[]): AppendResult {
  const byStream: Record<string, number> = Object.create(null)
  for (const [index, part] of parts.entries()) byStream[part.stream] = positions[index] ?? 0
  return { positions: byStream }
}

/**
 * The first result of a batch that was applied before, or `journal/conflict` when this one has other
 * content. What is stored is compared itself; the sum decides only for streams that were dropped since.
 */
export function repeatBatch(tables: Tables, batch: PreparedBatch, row: BatchRow): AppendResult {
  if (row.positions.length === batch.parts.length) {
    const compared = batch.parts.map((part, index) =>
      comparePart(tables, batch.id, part, row.positions[index] ?? 0),
    )
    const isSameSum = batchSum({ ...batch, positions: row.positions }) === row.sum
    const isEqual = compared.every((each) => each === 'equal' || (each === 'gone' && isSameSum))
    if (isEqual) return resultOf(batch.parts, row.positions)
  }
  throw new PortError({
    code: journalErrorCodes.conflict,
    message: 'A batch with this id and other content was applied before',
    meta: { batchId: batch.id },
  })
}

function comparePart(
  tables: Tables,
  id: string,
  part: PreparedPart,
  last: number,
): 'equal' | 'other' | 'gone' {
  const stream = tables.streams.get(part.stream)
  if (stream === undefined) return 'gone'
  const before = last - part.entries.length
  if (before < 0) return 'other'
  const rows = tables.entries.after(stream, before, part.entries.length)
  // The batch marks its first entry; without the mark the stream was dropped and begun anew, or the first
  // batch had another number of entries here. Either way the sum has to decide.
  if (rows.length < part.entries.length || rows[0]?.batch?.id !== id) return 'gone'
  return part.entries.every((entry, index) => isSame(entry, rows[index])) ? 'equal' : 'other'
}

function isSame(entry: PreparedEntry, row: StoredEntry | undefined): boolean {
  if (row === undefined || row.entry.type !== entry.type) return false
  const { data } = row.entry
  // Members may come in another order from a caller that built its value anew.
  return data === entry.data || isDeepStrictEqual(JSON.parse(data), JSON.parse(entry.data))
}
