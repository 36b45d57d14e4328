import type { RunMetrics } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'

/** Where nobody measures. */
const silentMetrics: RunMetrics = { counter: () => undefined, histogram: () => undefined }

/** Measurements of user code, silent while recorded results are handed back, so that each is made once. */
export function liveMetrics(attempt: Attempt): RunMetrics {
  const metrics = attempt.observer?.metrics
  if (metrics === undefined) return silentMetrics
  return {
    counter: (...given) => void (attempt.live && metrics.counter(...given)),
    histogram: (...given) => void (attempt.live && metrics.histogram(...given)),
  }
}
