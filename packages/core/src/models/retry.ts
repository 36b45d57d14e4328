import { findInvalid } from '../define/check.ts'
import type { RetryPolicy } from '../define/effect.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { isCodedError, type Platform } from '../ports/index.ts'

/** When a model call is tried again. Times in milliseconds. */
export interface ModelRetry {
  readonly maxAttempts: number
  readonly minDelayMs: number
  readonly maxDelayMs: number
  /** A provider that asks for a longer wait makes the call fail at once, with `meta.retryAfterMs`. */
  readonly maxWaitMs: number
  /** Attempts and waits together, in one process. */
  readonly maxActiveMs: number
}

/** Short enough for somebody who waits, long enough for a rate limit by the minute. */
export const modelRetryDefaults: ModelRetry = {
  maxAttempts: 3,
  minDelayMs: 500,
  maxDelayMs: 8_000,
  maxWaitMs: 20_000,
  maxActiveMs: 60_000,
}

const rules = {
  maxAttempts: 'count',
  minDelayMs: 'timeoutMs',
  maxDelayMs: 'timeoutMs',
  maxWaitMs: 'timeoutMs',
  maxActiveMs: 'timeoutMs',
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

/** What is known of the call at the moment of a failure. */
export interface CallProgress {
  /** A part has arrived: somebody may have seen it, so the stream is not started again. */
  sawPart: boolean
  /** When the first attempt of this process began, by the monotonic clock. */
  startedAt: number | undefined
}

/** The policy of one call, as the step that makes it understands it. */
export function modelRetryPolicy(retry: ModelRetry, platform: Platform, progress: CallProgress): RetryPolicy {
  return {
    maxAttempts: retry.maxAttempts,
    minDelayMs: retry.minDelayMs,
    maxDelayMs: retry.maxDelayMs,
    factor: 2,
    jitter: true,
    retryOn: (error) => !progress.sawPart && isRetryable(error),
    delayFor: (error, computedMs) => {
      const wait = Math.max(computedMs, retryAfter(error))
      const active = platform.monotonic() - (progress.startedAt ?? platform.monotonic())
      return exceeds(wait, retry.maxWaitMs) || exceeds(active + wait, retry.maxActiveMs) ? Infinity : wait
    },
  }
}

/** 0 is no limit. */
function exceeds(value: number, limit: number): boolean {
  return limit > 0 && value > limit
}

function isRetryable(error: unknown): boolean {
  if (HarnessError.is(error, 'operation/timeout')) return true
  return isCodedError(error) && error.retryable
}

function retryAfter(error: unknown): number {
  if (!isCodedError(error)) return 0
  const { retryAfterMs } = error.meta
  return typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : 0
}
