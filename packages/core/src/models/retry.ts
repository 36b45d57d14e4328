import { findInvalid } from '../define/check.ts'

/** When a model call is tried again. Times in milliseconds. */
export interface ModelRetry {
  readonly maxAttempts: number
  readonly minDelayMs: number
  readonly maxDelayMs: number
  /** For a longer wait see `longRetry`. */
  readonly maxWaitMs: number
  /** Attempts and waits together, in one process. */
  readonly maxActiveMs: number
  /**
   * A wait would go beyond `maxWaitMs` or `maxActiveMs`: the call fails at once, with `meta.retryAfterMs`, or the
   * run suspends until then. Fallbacks are asked before either.
   */
  readonly longRetry: 'fail' | 'defer'
}

/** Short enough for somebody who waits, long enough for a rate limit by the minute. */
export const modelRetryDefaults: ModelRetry = {
  maxAttempts: 3,
  minDelayMs: 500,
  maxDelayMs: 8_000,
  maxWaitMs: 20_000,
  maxActiveMs: 60_000,
  longRetry: 'fail',
}

const rules = {
  maxAttempts: 'count',
  minDelayMs: 'timeoutMs',
  maxDelayMs: 'timeoutMs',
  maxWaitMs: 'timeoutMs',
  maxActiveMs: 'timeoutMs',
  longRetry: 'longRetry',
} as const

/** Finds what is wrong with a retry setting and tells `refuse`. */
export function checkModelRetry(
  retry: Partial<ModelRetry> | false | undefined,
  refuse: (field: string, why: string) => never,
): void {
  if (retry === undefined || retry === false) return
  if (typeof retry !== 'object' || retry === null) refuse('retry', 'pass false or an object')
  const found = findInvalid({ ...retry }, rules)
  if (found !== undefined) refuse(`retry.${found.field}`, found.why)
}

/** A retry setting with nothing left open; what it leaves out comes from `base`. */
export function resolveRetry(
  retry: Partial<ModelRetry> | false | undefined,
  base: ModelRetry = modelRetryDefaults,
): ModelRetry {
  if (retry === false) return { ...base, maxAttempts: 1 }
  const given = Object.entries(retry ?? {}).filter(([, value]) => value !== undefined)
  return { ...base, ...Object.fromEntries(given) }
}
