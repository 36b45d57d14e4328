import { PortError, storeErrorCodes } from '@belay/core/ports'
import type { Entry, Json } from '@belay/core/ports'
import { crc32 } from 'node:zlib'
import { entrySum, typeSum } from '../checksum.ts'
import type { EntryRow } from './entry-table.ts'

/** Turns rows of one stream into entries, and throws `store/corrupt` where they are not what was written. */
export type EntryCheck = (row: EntryRow, expected: number) => Entry

/** The fault of one entry. */
export function corruptEntry(stream: string, position: number, cause?: unknown): PortError {
  return new PortError({
    code: storeErrorCodes.corrupt,
    message: `Entry ${position} of a stream does not match its checksum`,
    meta: { stream, position },
    cause,
  })
}

/** A check for one stream. Positions are dense, so a row that is missing shows at the next one. */
export function entryCheckOf(stream: string): EntryCheck {
  const typeSums = new Map<string, number>()
  const sumOfType = (type: string): number => {
    const known = typeSums.get(type)
    if (known !== undefined) return known
    const sum = typeSum(stream, type)
    typeSums.set(type, sum)
    return sum
  }
  return (row, expected) => {
    const [position, type, at, data, batch, sum] = row
    const isShaped = typeof type === 'string' && typeof at === 'number' && typeof data === 'string'
    if (position !== expected || !isShaped || !(batch === null || typeof batch === 'string')) {
      throw corruptEntry(stream, expected)
    }
    const content = crc32(data, sumOfType(type))
    if (entrySum(content, { position, at, batch: batch ?? '' }) !== sum) throw corruptEntry(stream, expected)
    try {
      return { position, type, at, data: JSON.parse(data) as Json }
    } catch (cause) {
      throw corruptEntry(stream, expected, cause)
    }
  }
}
