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

/** What is known of the call at the moment of a failure. */
export interface CallProgress {
  /** A part has arrived: somebody may have seen it, so the stream is not started again. */
  readonly sawPart: boolean
}

/** The policy of one call, as the step that makes it understands it. */
export function modelRetryPolicy(
  retry: ModelRetry,
  platform: Platform,
  progress: () => CallProgress,
): RetryPolicy {
  const startedAt = platform.monotonic()
  return {
    maxAttempts: retry.maxAttempts,
    minDelayMs: retry.minDelayMs,
    maxDelayMs: retry.maxDelayMs,
    factor: 2,
    jitter: true,
    retryOn: (error) => !progress().sawPart && isRetryable(error),
    delayFor: (error, computedMs) => {
      const wait = Math.max(computedMs, retryAfter(error))
      const active = platform.monotonic() - startedAt
      return wait > retry.maxWaitMs || active + wait > retry.maxActiveMs ? Infinity : wait
    },
  }
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
