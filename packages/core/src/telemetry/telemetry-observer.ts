import { createNoopMeter, metrics, ProxyTracer, trace, type Meter, type Tracer } from '@opentelemetry/api'
import type { NewBatch } from '../feed/writer.ts'
import { runStream } from '../feed/streams.ts'
import type { Platform } from '../ports/index.ts'
import type { AttemptFacts, AttemptObserver, EngineObserver } from '../run/observer.ts'
import { coreVersion } from '../version.ts'
import { AttemptTelemetry } from './attempt-telemetry.ts'
import { guardAttempt, quietly } from './guard.ts'
import { Instruments } from './instruments.ts'
import type { ResolvedTelemetry } from './telemetry-options.ts'

/** What telemetry is made from. */
export interface TelemetryInit {
  readonly harness: string
  readonly options: ResolvedTelemetry
  readonly platform: Platform
}

/** The name of the instrumentation scope of every span and instrument. */
const scopeName = '@belay/core'

/**
 * Turns what the engine tells into spans and measurements. Providers are looked up for each attempt, because an
 * application may register its SDK after the harness was made; without one an attempt costs two look-ups.
 */
export function createTelemetry(init: TelemetryInit): EngineObserver {
  return new TelemetryObserver(init)
}

class TelemetryObserver implements EngineObserver {
  readonly #init: TelemetryInit
  #instruments: Instruments | undefined
  /** Attempts under way by the stream that they write. */
  readonly #attempts = new Map<string, AttemptTelemetry>()

  constructor(init: TelemetryInit) {
    this.#init = init
  }

  attempt(facts: AttemptFacts): AttemptObserver | undefined {
    return quietly(() => this.#attempt(facts))
  }

  append(batch: NewBatch): ((error?: unknown) => void) | undefined {
    if (this.#attempts.size === 0) return undefined
    for (const { stream } of batch.entries ?? []) {
      const attempt = this.#attempts.get(stream)
      if (attempt !== undefined) return quietly(() => attempt.append(batch))
    }
    return undefined
  }

  #attempt(facts: AttemptFacts): AttemptObserver | undefined {
    const tracer = this.#tracer()
    const instruments = this.#currentInstruments()
    if (tracer === undefined && instruments === undefined) return undefined
    const stream = runStream(facts.runId)
    const attempt: AttemptTelemetry = new AttemptTelemetry(facts, {
      ...this.#init,
      tracer: tracer ?? trace.getTracer(scopeName),
      instruments,
      over: () => {
        if (this.#attempts.get(stream) === attempt) this.#attempts.delete(stream)
      },
    })
    this.#attempts.set(stream, attempt)
    return guardAttempt(attempt)
  }

  /** `undefined`: no SDK is registered. */
  #tracer(): Tracer | undefined {
    const { tracerProvider } = this.#init.options
    if (tracerProvider !== undefined) return tracerProvider.getTracer(scopeName, coreVersion)
    const tracer = trace.getTracer(scopeName, coreVersion)
    // What the API hands out as long as nobody has registered a provider.
    return tracer instanceof ProxyTracer ? undefined : tracer
  }

  #currentInstruments(): Instruments | undefined {
    const meter = this.#meter()
    if (meter === undefined) return undefined
    if (this.#instruments?.meter !== meter) this.#instruments = new Instruments(meter)
    return this.#instruments
  }

  #meter(): Meter | undefined {
    const provider = this.#init.options.meterProvider ?? metrics.getMeterProvider()
    const meter = provider.getMeter(scopeName, coreVersion)
    return meter === createNoopMeter() ? undefined : meter
  }
}
