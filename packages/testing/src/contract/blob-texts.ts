import { createHash } from 'node:crypto'
import type { Store } from '@belay/core/ports'

/** The bytes of a text. */
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The ref that bytes must get. */
export const refOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** A ref that no blob has. */
export const absentRef = `sha256:${'0'.repeat(64)}`

/** The text of a blob, or undefined when it is not there. */
export async function textOf(store: Store, ref: string): Promise<string | undefined> {
  const bytes = await store.blobs.get(ref)
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}
