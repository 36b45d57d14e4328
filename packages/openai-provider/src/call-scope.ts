/** One call under way, as its producer sees it. */
export interface CallScope {
  /** Aborted when the caller aborts, leaves early, or the call ends. */
  readonly signal: AbortSignal
  /** Runs when the call ends, however it ends; at once when it has ended. */
  onEnd(cleanup: () => void): void
}

/** The lifetime of the request: from `start` until the caller aborts, leaves, or has seen the end. */
export function requestLife(signal: AbortSignal): {
  start(): CallScope
  end(): void
  readonly ended: Promise<'ended'>
} {
  const controller = new AbortController()
  const { promise, resolve } = Promise.withResolvers<'ended'>()
  const cleanups: (() => void)[] = []
  const end = (): void => {
    if (controller.signal.aborted) return
    signal.removeEventListener('abort', end)
    resolve('ended')
    controller.abort(signal.reason)
    for (const cleanup of cleanups) cleanup()
  }
  return {
    start() {
      signal.addEventListener('abort', end, { once: true })
      return {
        signal: controller.signal,
        onEnd: (cleanup) => (controller.signal.aborted ? cleanup() : void cleanups.push(cleanup)),
      }
    },
    end,
    ended: promise,
  }
}
