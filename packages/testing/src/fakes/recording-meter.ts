import {
  createNoopMeter,
  type Attributes,
  type Counter,
  type Gauge,
  type Histogram,
  type MeterProvider,
} from '@opentelemetry/api'

/** One measurement as it was made. */
export interface RecordedMeasurement {
  readonly name: string
  readonly kind: 'counter' | 'histogram' | 'gauge'
  readonly value: number
  readonly attributes: Attributes
}

/** Keeps every measurement; what is observed by callbacks is not asked for. */
export function recordingMeterProvider(measurements: RecordedMeasurement[]): MeterProvider {
  const keep =
    (name: string, kind: RecordedMeasurement['kind']) =>
    (value: number, attributes: Attributes = {}): void =>
      void measurements.push({ name, kind, value, attributes: { ...attributes } })
  const noop = createNoopMeter()
  const meter = Object.assign(Object.create(noop) as typeof noop, {
    createCounter: (name: string): Counter => ({ add: keep(name, 'counter') }),
    createUpDownCounter: (name: string): Counter => ({ add: keep(name, 'counter') }),
    createHistogram: (name: string): Histogram => ({ record: keep(name, 'histogram') }),
    createGauge: (name: string): Gauge => ({ record: keep(name, 'gauge') }),
  })
  return { getMeter: () => meter }
}
