import { HarnessError } from '../errors/harness-error.ts'
import { isCodedError, PortError, type Platform } from '../ports/index.ts'
import type { StepRetry } from '../run/definition.ts'
import { backoffMs } from '../run/retry.ts'
import type { ResolvedModel } from './registry.ts'
import { resolveRetry, type ModelRetry } from './retry.ts'

interface Candidate {
  readonly resolved: ResolvedModel
  readonly retry: ModelRetry
}

/**
 * The attempts of one model call: which alias is asked, when it is asked again, and when the next alias of its
 * fallbacks takes over. All of them are attempts of one step, so the call is recorded once whoever answers.
 */
export class CallAttempts {
  readonly #platform: Platform
  readonly #candidates: readonly Candidate[]
  #index = 0
  /** Attempts of the current alias, the one under way included. */
  #number = 0
  #begun = false
  /** When the first attempt of the current alias in this process began, by the monotonic clock. */
  #startedAt: number | undefined
  /** How long the next attempt is deferred, when the last failure asked for a wait that is too long. */
  #deferral: number | undefined
  /** A part has arrived: somebody may have seen it, so the stream is not started again. */
  sawPart = false

  /** `retry` is what the call says; it goes before that of each alias. */
  constructor(resolved: ResolvedModel, retry: Partial<ModelRetry> | false | undefined, platform: Platform) {
    this.#platform = platform
    this.#candidates = [resolved, ...resolved.fallbacks].map((each) => ({
      resolved: each,
      retry: retry === undefined ? each.retry : resolveRetry(retry, each.retry),
    }))
  }

  /** The alias that is asked now. */
  get current(): ResolvedModel {
    return this.#candidate.resolved
  }

  /** The alias that an attempt would ask; `number` counts as in `begin`. */
  aliasOf(number: number): ResolvedModel {
    return this.#begun ? this.current : (this.#candidates[this.#placeOf(number).index] as Candidate).resolved
  }

  /** An attempt begins; `number` counts those of the step, in all processes. */
  begin(number: number): ResolvedModel {
    if (this.#begun) this.#number++
    else this.#locate(number)
    this.sawPart = false
    this.#startedAt ??= this.#platform.monotonic()
    return this.current
  }

  /** The policy of the step that makes the call. */
  get policy(): StepRetry {
    return {
      maxAttempts: this.#candidates.reduce((sum, { retry }) => sum + retry.maxAttempts, 0),
      // The waits are worked out below, because each alias has its own.
      jitter: false,
      retryOn: (error) => !this.sawPart && isRetryable(error),
      delayFor: (error) => this.#delayAfter(error),
      deferFor: () => this.#deferral,
    }
  }

  get #candidate(): Candidate {
    return this.#candidates[this.#index] as Candidate
  }

  /** After a restart only the count is known: it is shared out as if every alias had used all of its own. */
  #locate(number: number): void {
    const place = this.#placeOf(number)
    this.#begun = true
    this.#index = place.index
    this.#number = place.number
  }

  #placeOf(number: number): { readonly index: number; readonly number: number } {
    let index = 0
    let left = number
    for (const { retry } of this.#candidates.slice(0, -1)) {
      if (left <= retry.maxAttempts) break
      left -= retry.maxAttempts
      index++
    }
    return { index, number: left }
  }

  #delayAfter(error: unknown): number {
    this.#deferral = undefined
    const { retry } = this.#candidate
    const isLast = this.#index === this.#candidates.length - 1
    if (this.#number < retry.maxAttempts) {
      const backoff = backoffMs({ ...retry, factor: 2, jitter: true }, this.#number, () =>
        this.#platform.random(),
      )
      const wait = Math.ceil(Math.max(backoff, retryAfter(error)))
      if (!this.#isTooLong(retry, wait)) return wait
      if (isLast) return this.#refuseOrDefer(error, wait)
    }
    if (isLast) return Infinity
    this.#index++
    this.#number = 0
    this.#startedAt = undefined
    return 0
  }

  /** A deferred call is not active meanwhile, so what follows the wait has the whole time again. */
  #refuseOrDefer(error: unknown, wait: number): number {
    if (this.#candidate.retry.longRetry === 'fail') throw withWait(error, wait)
    this.#startedAt = undefined
    this.#deferral = wait
    return Infinity
  }

  #isTooLong({ maxWaitMs, maxActiveMs }: ModelRetry, wait: number): boolean {
    const now = this.#platform.monotonic()
    return exceeds(wait, maxWaitMs) || exceeds(now - (this.#startedAt ?? now) + wait, maxActiveMs)
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

/** A failure because the wait would be too long says how long it would have been. */
function withWait(error: unknown, wait: number): unknown {
  if (!isCodedError(error) || retryAfter(error) > 0) return error
  const { code, message, retryable, meta } = error
  return new PortError<string>({
    code,
    message,
    retryable,
    meta: { ...meta, retryAfterMs: Math.round(wait) },
    cause: error,
  })
}
