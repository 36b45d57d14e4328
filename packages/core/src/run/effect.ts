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
}

/**
 * Runs user code once. A timeout ends the attempt at once, because its outcome is unknown from then on. An
 * abort from outside waits a while for the code to end, so that an effect that completes is still recorded;
 * code that ignores the abort is left behind.
 */
export function runBody(body: () => unknown, limits: BodyLimits): Promise<BodyEnd> {
  const { platform, cancellation } = limits
  return new Promise((resolve) => {
    const cleanUp: (() => void)[] = [() => cancellation.dispose()]
    let done = false
    const finish = (end: BodyEnd): void => {
      if (done) return
      done = true
      for (const clean of cleanUp) clean()
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
    cleanUp.push(
      cancellation.onAbort((reason) => {
        if (done) return
        const timer = platform.timer(limits.abortGraceMs, () =>
          finish({ status: 'failed', error: reason, timedOut: false }),
        )
        cleanUp.push(() => timer.cancel())
      }),
    )
    void settleBody(body, finish)
  })
}

async function settleBody(body: () => unknown, finish: (end: BodyEnd) => void): Promise<void> {
  try {
    finish({ status: 'ok', value: await body() })
  } catch (error) {
    finish({ status: 'failed', error, timedOut: false })
  }
}
