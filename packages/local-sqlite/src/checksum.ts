import { crc32 } from 'node:zlib'

/**
 * SQLite keeps no checksum of its pages, so a flipped bit in a row comes back as a value. Each record
 * therefore carries a CRC-32 over everything that it says, its key included: a row that is read under
 * another key fails as well. CRC-32 finds every burst of up to 32 bits and costs about a microsecond.
 */

/** Sum over what a retry of the same batch repeats: stream, type and data. */
export function contentSum(stream: string, type: string, data: string): number {
  return crc32(`${stream.length} ${stream}${type.length} ${type}${data}`)
}

/** The part of `contentSum` that entries of one stream and type share. */
export function typeSum(stream: string, type: string): number {
  return crc32(`${stream.length} ${stream}${type.length} ${type}`)
}

/** Sum over the content of a batch from the sums of its entries. */
export function joinSums(sums: readonly number[]): number {
  return sums.length === 1 ? (sums[0] ?? 0) : recordSum(...sums)
}

/** Sum of a small record: the values in a fixed order. */
export function recordSum(...values: readonly (string | number | null)[]): number {
  return crc32(JSON.stringify(values))
}
