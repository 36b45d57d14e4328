import type { Telemetry } from '@belay/core/ports'
import { recordingMeterProvider, type RecordedMeasurement } from './recording-meter.ts'
import { recordingTracerProvider, type RecordedSpan } from './recording-tracer.ts'

/** Telemetry that keeps what it is given. */
export interface RecordingTelemetry extends Required<Telemetry> {
  /** In the order of their starts. */
  readonly spans: readonly RecordedSpan[]
  readonly measurements: readonly RecordedMeasurement[]
  /** Spans that have not ended. */
  readonly open: readonly RecordedSpan[]
  /** The sum of all measurements of one instrument. */
  total(instrument: string): number
}

/** Telemetry in memory, for `defineHarness({ telemetry })`; no SDK is needed. */
export function recordingTelemetry(): RecordingTelemetry {
  const spans: RecordedSpan[] = []
  const measurements: RecordedMeasurement[] = []
  return {
    spans,
    measurements,
    get open() {
      return spans.filter((span) => span.ends === 0)
    },
    total: (instrument) =>
      measurements.reduce((sum, { name, value }) => sum + (name === instrument ? value : 0), 0),
    tracerProvider: recordingTracerProvider(spans),
    meterProvider: recordingMeterProvider(measurements),
  }
}
