/** What a pointer leads to. */
export type Pointed =
  { readonly found: true; readonly value: unknown } | { readonly found: false; readonly why: string }

/** The parts of a JSON Pointer (RFC 6901). Throws a `TypeError` for a text that is none. */
export function parsePointer(pointer: string): readonly string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/'))
    throw new TypeError(`The JSON Pointer ${JSON.stringify(pointer)} has to be empty or begin with "/".`)
  if (/~(?![01])/.test(pointer))
    throw new TypeError(`The JSON Pointer ${JSON.stringify(pointer)} has a "~" that is not "~0" or "~1".`)
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Follows a pointer through own properties and array indexes. */
export function followPointer(value: unknown, parts: readonly string[]): Pointed {
  let current = value
  for (const [depth, part] of parts.entries()) {
    const next = step(current, part)
    if (next === undefined) {
      const at = writePointer(parts.slice(0, depth))
      return { found: false, why: `there is no ${JSON.stringify(part)} at ${JSON.stringify(at)}` }
    }
    current = next.value
  }
  return { found: true, value: current }
}

/** The text of a pointer. */
export function writePointer(parts: readonly string[]): string {
  return parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** An index has no sign and no leading zero; `-`, the place behind the last element, holds nothing. */
const arrayIndex = /^(?:0|[1-9]\d*)$/

function step(value: unknown, part: string): { readonly value: unknown } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    if (!arrayIndex.test(part) || Number(part) >= value.length) return undefined
    return { value: (value as readonly unknown[])[Number(part)] }
  }
  if (!Object.hasOwn(value, part)) return undefined
  return { value: (value as Readonly<Record<string, unknown>>)[part] }
}
