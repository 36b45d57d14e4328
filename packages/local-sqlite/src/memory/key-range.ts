/** Where the keys with a prefix begin and end, in the order of code points, which is that of UTF-8 and of SQLite. */

/** The first text after all that begin with `prefix`; `undefined` when there is none. */
export function endOfPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  for (;;) {
    const last = points.pop()
    if (last === undefined) return undefined
    if (last === 0x10_ff_ff) continue
    // There are no characters between U+D7FF and U+E000.
    return String.fromCodePoint(...points, last === 0xd7_ff ? 0xe0_00 : last + 1)
  }
}

/** The first text after `key`. */
export function afterKey(key: string): string {
  return `${key}\0`
}

/** The later one. */
export function laterOf(left: string, right: string): string {
  return Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0 ? right : left
}
