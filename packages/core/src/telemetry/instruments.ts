import type { Counter, Histogram, Meter } from '@opentelemetry/api'
import type { MetricAttributes } from '../ports/index.ts'

/** Boundaries that the conventions for generative AI give for tokens. */
const tokenBoundaries = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
]

/** The same for the duration of a model call, in seconds. */
const callBoundaries = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
]

/** Seconds. A commit takes from microseconds in memory to a second on a slow disk. */
const appendBoundaries = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
]

/** The instruments of one meter. */
export class Instruments {
  readonly meter: Meter
  readonly tokenUsage: Histogram
  readonly operationDuration: Histogram
  readonly runs: Counter
  readonly steps: Counter
  readonly retries: Counter
  readonly toolCalls: Counter
  readonly appendDuration: Histogram
  readonly #counters = new Map<string, Counter>()
  readonly #histograms = new Map<string, Histogram>()

  constructor(meter: Meter) {
    this.meter = meter
    this.tokenUsage = meter.createHistogram('gen_ai.client.token.usage', {
      description: 'Tokens of a model call that was recorded.',
      unit: '{token}',
      advice: { explicitBucketBoundaries: tokenBoundaries },
    })
    this.operationDuration = meter.createHistogram('gen_ai.client.operation.duration', {
      description: 'Duration of one request to a model.',
      unit: 's',
      advice: { explicitBucketBoundaries: callBoundaries },
    })
    this.runs = meter.createCounter('belay.runs', {
      description: 'Attempts of runs by how they ended.',
      unit: '{attempt}',
    })
    this.steps = meter.createCounter('belay.steps', { description: 'Recorded results.', unit: '{step}' })
    this.retries = meter.createCounter('belay.retries', {
      description: 'Failed attempts of steps that were followed by another.',
      unit: '{retry}',
    })
    this.toolCalls = meter.createCounter('belay.tool.calls', {
      description: 'Recorded calls of tools.',
      unit: '{call}',
    })
    this.appendDuration = meter.createHistogram('belay.store.append.duration', {
      description: 'Duration of one commit of a run.',
      unit: 's',
      advice: { explicitBucketBoundaries: appendBoundaries },
    })
  }

  /** A counter of the application. */
  add(name: string, value: number, attributes: MetricAttributes): void {
    let counter = this.#counters.get(name)
    if (counter === undefined) this.#counters.set(name, (counter = this.meter.createCounter(name)))
    counter.add(value, attributes)
  }

  /** A distribution of the application. */
  record(name: string, value: number, attributes: MetricAttributes): void {
    let histogram = this.#histograms.get(name)
    if (histogram === undefined) this.#histograms.set(name, (histogram = this.meter.createHistogram(name)))
    histogram.record(value, attributes)
  }
}
