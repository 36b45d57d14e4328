/** What one number of a file call may be. */
export interface Bound {
  readonly least: number
  readonly most: number
  /** When nothing is given. */
  readonly usual: number
}

/** Limits of the calls of a sandbox, as its port states them; bytes where nothing else is said. */
export const sandboxBounds = {
  readOffset: { least: 0, most: Number.MAX_SAFE_INTEGER, usual: 0 },
  readLimit: { least: 0, most: 67_108_864, usual: 10_485_760 },
  /** Entries. */
  listLimit: { least: 1, most: 10_000, usual: 1_000 },
  /** Paths. */
  globLimit: { least: 1, most: 10_000, usual: 1_000 },
  /** Matches. */
  grepLimit: { least: 1, most: 10_000, usual: 200 },
  /** Milliseconds. */
  grepTimeoutMs: { least: 1, most: 60_000, usual: 10_000 },
  /** Permission bits of a file that was not there. */
  fileMode: { least: 0, most: 0o777, usual: 0o644 },
  /** Milliseconds; 0 is none. */
  execTimeoutMs: { least: 0, most: Number.MAX_SAFE_INTEGER, usual: 120_000 },
  maxOutputBytes: { least: 0, most: 1_073_741_824, usual: 10_485_760 },
} as const satisfies Record<string, Bound>

/** Limits that no option changes. */
export const sandboxLimits = {
  /** Entries that one search visits. */
  visitedEntries: 200_000,
  /** Of one file that `edit` takes or `grep` reads. */
  textBytes: 10_485_760,
  /** Of what `edit` may make of a file: no more than one call can read. */
  editedBytes: 67_108_864,
  /** That one `grep` reads. */
  searchedBytes: 268_435_456,
  /** UTF-16 units of a pattern. */
  patternUnits: 1_000,
  /** UTF-16 units of a line that is given. */
  lineUnits: 1_000,
  mountedFiles: 10_000,
  mountedBytes: 67_108_864,
} as const

/** The option, or what is usual. Throws a `TypeError` that names it for anything but a whole number within its bound. */
export function optionWithin(name: string, value: number | undefined, bound: Bound): number {
  if (value === undefined) return bound.usual
  if (Number.isSafeInteger(value) && value >= bound.least && value <= bound.most) return value
  throw new TypeError(`${name} has to be a whole number from ${bound.least} to ${bound.most}.`)
}
