import { HarnessError } from '../errors/harness-error.ts'
import type { Blobs, Json } from '../ports/index.ts'
import { toJsonText } from '../schema/json.ts'
import type { StoredValue } from './event.ts'

/** Values whose JSON is longer than this go to the blob port, so that entries stay small. */
export const inlineLimit = 65_536

/** A value ready for an entry, and as it will be read back. */
export interface EncodedValue {
  readonly stored: StoredValue
  readonly decoded: unknown
}

/**
 * Encodes a value. The decoded copy is what live code receives, so that it sees what a replay will see.
 * Only a large value needs I/O, so only then a promise comes back.
 */
export function encodeValue(
  value: unknown,
  what: string,
  blobs: Blobs,
): EncodedValue | Promise<EncodedValue> {
  if (value === undefined) return { stored: {}, decoded: undefined }
  if (isShortText(value)) return { stored: { value }, decoded: value }
  const text = toJsonText(value, what)
  const decoded = JSON.parse(text) as Json
  if (text.length <= inlineLimit) return { stored: { value: decoded }, decoded }
  return storeBlob(text, blobs).then((stored) => ({ stored, decoded }))
}

/** No UTF-16 unit takes more in JSON, written as an escape. */
const maxUnitsPerUnit = 6
/** No number, boolean or null takes more, with what separates it from the next value. */
const maxUnitsPerScalar = 32

/** A text that fits into an entry whatever is in it: nothing of it has to be encoded to know that. */
function isShortText(value: unknown): value is string {
  return typeof value === 'string' && upperBound(value) <= inlineLimit && value.isWellFormed()
}

/** The length of a value's JSON, or more; stops counting where it is too much. */
function upperBound(value: Json): number {
  if (typeof value === 'string') return value.length * maxUnitsPerUnit + 3
  if (typeof value !== 'object' || value === null) return maxUnitsPerScalar
  let bound = 3
  if (Array.isArray(value)) {
    for (const item of value as Json[]) {
      bound += 1 + upperBound(item)
      if (bound > inlineLimit) break
    }
    return bound
  }
  const fields = value as Readonly<Record<string, Json>>
  for (const key in fields) {
    bound += key.length * maxUnitsPerUnit + 4 + upperBound(fields[key] as Json)
    if (bound > inlineLimit) break
  }
  return bound
}

/** Stores a value that is plain JSON already, such as one that was decoded before. */
export function storeJson(value: Json, blobs: Blobs): StoredValue | Promise<StoredValue> {
  if (upperBound(value) <= inlineLimit) return { value }
  const text = JSON.stringify(value)
  return text.length <= inlineLimit ? { value } : storeBlob(text, blobs)
}

async function storeBlob(text: string, blobs: Blobs): Promise<StoredValue> {
  const bytes = new TextEncoder().encode(text)
  return { blob: { ref: await blobs.put(bytes), bytes: bytes.length } }
}

/** Reads a value back. A promise comes back only for a blob. */
export function decodeValue(stored: StoredValue, blobs: Blobs): unknown {
  if (stored.blob === undefined) return stored.value
  const { ref } = stored.blob
  return blobs.get(ref).then((bytes) => {
    if (bytes !== undefined) return JSON.parse(new TextDecoder().decode(bytes)) as Json
    throw new HarnessError({
      code: 'store/corrupt',
      message: `A journal entry refers to the blob ${ref}, which the store does not have.`,
      meta: { ref },
    })
  })
}
