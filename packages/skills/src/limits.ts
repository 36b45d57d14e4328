/** How much a skill may hold. */
export interface LoadOptions {
  /** Files of one skill. Default 256. */
  readonly maxFiles?: number
  /** Bytes of one file. Default 1 MiB. */
  readonly maxFileBytes?: number
  /** Bytes of all files of one skill. Default 8 MiB. */
  readonly maxBytes?: number
}

/** The limits of one load. */
export type Limits = Required<LoadOptions>

/** A skill is text for a model and small helpers beside it; what is much larger is there by mistake. */
const defaults: Limits = { maxFiles: 256, maxFileBytes: 1_048_576, maxBytes: 8_388_608 }

/** Folders in folders. More is a loop that some file system makes, or a mistake. */
export const maxDepth = 16

/** Completes the limits. Throws a `TypeError` for one that is no whole number over 0. */
export function resolveLimits(options: LoadOptions): Limits {
  const limits = { ...defaults, ...options }
  for (const [name, value] of Object.entries(limits))
    if (!Number.isInteger(value) || value < 1) throw new TypeError(`${name} has to be a whole number over 0.`)
  return limits
}
