/**
 * Port: telemetry. Where spans and metrics go: a tracer provider and a meter provider of the OpenTelemetry API.
 * An application brings an SDK, which implements both; core knows the API alone.
 *
 * What an implementation must hold:
 * - No method throws or blocks, neither of the providers nor of the tracers, meters, spans and instruments that
 *   they make. What cannot be exported is dropped.
 * - A provider that is absent is the global one of the OpenTelemetry API. It is looked up when a run begins, so an
 *   SDK may be registered after the harness was made. Without an SDK nothing is measured.
 * - A span is ended once; setting something on an ended span does nothing.
 * - A name of an instrument gives the same instrument again, whatever else is asked for.
 *
 * What core promises: spans and measurements hold no content (prompts, answers, inputs, outputs, messages of
 * errors) unless the application turns content on for spans. Names of attributes are in
 * `docs/reference/telemetry.md`. Nothing that an implementation does changes the outcome of a run.
 *
 * What is not promised: delivery; order across processes; that every span is recorded, which the sampler decides.
 */

import type { MeterProvider, TracerProvider } from '@opentelemetry/api'

export type { Meter, MeterProvider, Span, Tracer, TracerProvider } from '@opentelemetry/api'

/** The port. */
export interface Telemetry {
  readonly tracerProvider?: TracerProvider
  readonly meterProvider?: MeterProvider
}

/** Attributes of a measurement. Few values each: every combination is a time series of its own. */
export type MetricAttributes = Readonly<Record<string, string | number | boolean>>

/**
 * Measurements of the application in a run, as `ctx.metrics`. Bound to the kind and the name of what runs, silent
 * while recorded results are handed back, and without effect when no SDK is registered. Never throws.
 */
export interface RunMetrics {
  /** Adds to a counter; a name that is new makes one. Default: 1. */
  counter(name: string, value?: number, attributes?: MetricAttributes): void
  /** Records a value of a distribution. */
  histogram(name: string, value: number, attributes?: MetricAttributes): void
}
