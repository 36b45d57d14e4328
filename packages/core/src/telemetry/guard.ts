import type { AttemptObserver, EffectObserver } from '../run/observer.ts'

/** Runs work of telemetry; a failure in it is nobody's business but its own. */
export function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/**
 * Runs `body` exactly once inside of `enter`, whatever `enter` does: an SDK that throws, or never calls back, must
 * not keep the body from running, and its own failure is not the body's.
 */
export function runInside<T>(enter: (body: () => void) => void, body: () => T): T {
  let end: { readonly value: T } | { readonly error: unknown } | undefined
  const once = (): void => {
    if (end !== undefined) return
    try {
      end = { value: body() }
    } catch (error) {
      end = { error }
    }
  }
  quietly(() => enter(once))
  once()
  const ended = end as unknown as { readonly value: T } | { readonly error: unknown }
  if ('error' in ended) throw ended.error
  return ended.value
}

/** An observer of which no method throws. */
export function guardAttempt(attempt: AttemptObserver): AttemptObserver {
  return {
    trace: attempt.trace,
    metrics: {
      counter: (...given) => quietly(() => attempt.metrics.counter(...given)),
      histogram: (...given) => quietly(() => attempt.metrics.histogram(...given)),
    },
    within: (scope, body) => attempt.within(scope, body),
    child: (facts) => quietly(() => attempt.child(facts)),
    childEnded: (scope, error) => quietly(() => attempt.childEnded(scope, error)),
    asked: () => quietly(() => attempt.asked()),
    effect: (facts) => {
      const effect = quietly(() => attempt.effect(facts))
      return effect === undefined ? ignorant : guardEffect(effect)
    },
    operation: (facts) => {
      const told = quietly(() => attempt.operation(facts))
      return (end) => quietly(() => told?.(end))
    },
    retried: (noun) => quietly(() => attempt.retried(noun)),
    recorded: (type, data) => quietly(() => attempt.recorded(type, data)),
    ended: (end) => quietly(() => attempt.ended(end)),
  }
}

function guardEffect(effect: EffectObserver): EffectObserver {
  return {
    within: (body) => effect.within(body),
    tell: (detail) => quietly(() => effect.tell(detail)),
    bodyEnded: (error) => quietly(() => effect.bodyEnded(error)),
  }
}

/** Stands in for what could not be made. */
const ignorant: EffectObserver = {
  within: (body) => body(),
  tell: () => undefined,
  bodyEnded: () => undefined,
}
