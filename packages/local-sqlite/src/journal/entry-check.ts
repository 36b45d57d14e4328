import { PortError, storeErrorCodes } from '@belay/core/ports'
import type { Entry, Json } from '@belay/core/ports'
import { crc32 } from 'node:zlib'
import { typeSum } from '../checksum.ts'
import type { PreparedEntry } from './batch-input.ts'

/** Makes entries of one stream of what is stored, and throws `store/corrupt` where that is not what was written. */
export type EntryCheck = (stored: PreparedEntry, position: number) => Entry

/** The fault of one entry. */
export function corruptEntry(stream: string, position: number, cause?: unknown): PortError {
  return new PortError({
    code: storeErrorCodes.corrupt,
    message: `Entry ${position} of a stream does not match its checksum`,
    meta: { stream, position },
    cause,
  })
}

/** A check for one stream. */
export function entryCheckOf(stream: string): EntryCheck {
  const typeSums = new Map<string, number>()
  const sumOfType = (type: string): number => {
    const known = typeSums.get(type)
    if (known !== undefined) return known
    const sum = typeSum(stream, type)
    typeSums.set(type, sum)
    return sum
  }
  return ({ type, at, data, content }, position) => {
    if (crc32(data, sumOfType(type)) !== content) throw corruptEntry(stream, position)
    try {
      return { position, type, at, data: JSON.parse(data) as Json }
    } catch (cause) {
      throw corruptEntry(stream, position, cause)
    }
  }
}
