/** How much of one result a model gets, in bytes of UTF-8. */
export const resultLimit = 65_536

const encoder = new TextEncoder()

/** A text of at most `limit` bytes: what is longer keeps its beginning and its end and says how much is left out. */
export function boundText(text: string, limit = resultLimit): string {
  const bytes = encoder.encode(text)
  if (bytes.length <= limit) return text
  const half = Math.floor(limit / 2)
  const head = decodeWhole(bytes.subarray(0, half))
  const tail = decodeWhole(bytes.subarray(bytes.length - half))
  return `${head}\n[${bytes.length - 2 * half} bytes are left out here]\n${tail}`
}

/** Without the pieces of characters that a cut has left at its ends. */
function decodeWhole(bytes: Uint8Array): string {
  const isInside = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80
  let [start, end] = [0, bytes.length]
  while (start < 4 && isInside(bytes[start])) start++
  for (let back = 1; back <= 4 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0
    if (isInside(byte)) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    if (length > back) end -= back
    break
  }
  return new TextDecoder().decode(bytes.subarray(start, end))
}

/** Text of bytes that are UTF-8 without a NUL; `undefined` for any others. A character may be cut at the end. */
export function textOf(bytes: Uint8Array, truncated: boolean): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: truncated })
  } catch {
    return undefined
  }
}
