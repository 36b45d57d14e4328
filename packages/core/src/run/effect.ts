import type { OperationScope } from '../history/event.ts'
import type { Platform } from '../ports/index.ts'
import type { Cancellation } from './signal.ts'
import { timedOut } from './signal.ts'

/** How one attempt of an effect ended. */
export type BodyEnd =
  | { readonly status: 'ok'; readonly value: unknown }
  | { readonly status: 'failed'; readonly error: unknown; readonly timedOut: boolean }

/** Limits of one attempt. */
export interface BodyLimits {
  readonly platform: Platform
  readonly cancellation: Cancellation
  readonly what: string
  readonly noun: OperationScope
  /** 0: none. */
  readonly timeoutMs: number
  readonly abortGraceMs: number
  /** Called for a body that waits, and once more when its end is known. */
  readonly began?: () => void
  readonly ended?: (end: BodyEnd) => void
}

/**
 * Runs user code once. A timeout ends the attempt at once, because its outcome is unknown from then on. An
 * abort from outside waits a while for the code to end, so that an effect that completes is still recorded;
 * code that ignores the abort is left behind. Code that does not wait has ended already and needs no limits.
 */
export function runBody(body: () => unknown, limits: BodyLimits): BodyEnd | Promise<BodyEnd> {
  try {
    const value = body()
    return isThenable(value) ? limitBody(value, limits) : { status: 'ok', value }
  } catch (error) {
    return { status: 'failed', error, timedOut: false }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return typeof (value as { then?: unknown }).then === 'function'
}

function limitBody(body: PromiseLike<unknown>, limits: BodyLimits): Promise<BodyEnd> {
  const { platform, cancellation } = limits
  limits.began?.()
  return new Promise((resolve) => {
    const cleanUp: (() => void)[] = []
    let done = false
    const finish = (end: BodyEnd): void => {
      if (done) return
      done = true
      for (const clean of cleanUp) clean()
      limits.ended?.(end)
      resolve(end)
    }
    if (limits.timeoutMs > 0) {
      const timer = platform.timer(limits.timeoutMs, () => {
        const error = timedOut(limits.noun, limits.what, limits.timeoutMs)
        finish({ status: 'failed', error, timedOut: true })
        cancellation.abort(error)
      })
      cleanUp.push(() => timer.cancel())
    }
    const stopListening = cancellation.onAbort((reason) => {
      if (done) return
      const timer = platform.timer(limits.abortGraceMs, () =>
        finish({ status: 'failed', error: reason, timedOut: false }),
      )
      cleanUp.push(() => timer.cancel())
    })
    cleanUp.push(stopListening)
    // A thenable of user code may throw when it is asked; a promise of our own takes that as a failure.
    Promise.resolve(body).then(
      (value) => finish({ status: 'ok', value }),
      (error: unknown) => finish({ status: 'failed', error, timedOut: false }),
    )
  })
}
