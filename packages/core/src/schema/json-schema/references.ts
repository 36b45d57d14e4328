import { followPointer, parsePointer } from '../json-pointer.ts'
import type { JsonSchema } from './validate.ts'

/** The schema that a local reference names: `#`, or `#/$defs/name`. Throws a `TypeError` for any other. */
export function resolveRef(root: JsonSchema, ref: string): JsonSchema {
  const pointer = ref.startsWith('#') ? decodeURIComponent(ref.slice(1)) : undefined
  if (pointer === undefined || (pointer !== '' && !pointer.startsWith('/')))
    throw new TypeError(`The reference "${ref}" leads out of the schema; only "#" and "#/…" are known.`)
  const pointed = followPointer(root, parsePointer(pointer))
  if (!pointed.found) throw new TypeError(`The reference "${ref}" leads nowhere: ${pointed.why}.`)
  return pointed.value as JsonSchema
}
