import {
  context,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'

/** One span as it was made. */
export interface RecordedSpan {
  readonly name: string
  readonly spanContext: SpanContext
  /** Absent for a root. */
  readonly parent?: SpanContext
  readonly links: readonly Link[]
  readonly attributes: Attributes
  readonly events: readonly string[]
  readonly status: SpanStatus
  /** How often it was ended; once is right. */
  readonly ends: number
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** Ids are counted, so that a test may name them. */
export function recordingTracerProvider(spans: RecordedSpan[]): TracerProvider {
  const tracer: Tracer = {
    startSpan: (name, options = {}, parent = context.active()) => startSpan(spans, name, options, parent),
    startActiveSpan: (name: string, ...rest: unknown[]) => {
      const body = rest.at(-1) as (span: Span) => unknown
      const [options, parent] = rest.slice(0, -1) as [SpanOptions?, Context?]
      const from = parent ?? context.active()
      const span = startSpan(spans, name, options ?? {}, from)
      return context.with(trace.setSpan(from, span), () => body(span)) as never
    },
  }
  return { getTracer: () => tracer }
}

function startSpan(spans: RecordedSpan[], name: string, options: SpanOptions, from: Context): Span {
  const parent = options.root === true ? undefined : trace.getSpanContext(from)
  const number = (spans.length + 1).toString(16)
  const record: Mutable<RecordedSpan> = {
    name,
    spanContext: {
      traceId: parent?.traceId ?? number.padStart(32, '0'),
      spanId: number.padStart(16, '0'),
      traceFlags: TraceFlags.SAMPLED,
      ...(parent?.traceState !== undefined && { traceState: parent.traceState }),
    },
    links: options.links ?? [],
    attributes: { ...options.attributes },
    events: [],
    status: { code: SpanStatusCode.UNSET },
    ends: 0,
    ...(parent !== undefined && { parent }),
  }
  spans.push(record)
  return spanOf(record)
}

/** Nothing changes a span that has ended, as in an SDK; a second end is counted. */
function spanOf(record: Mutable<RecordedSpan>): Span {
  const change = (work: () => void): Span => {
    if (record.ends === 0) work()
    return span
  }
  const span: Span = {
    spanContext: () => record.spanContext,
    isRecording: () => record.ends === 0,
    setAttribute: (key, value) => change(() => (record.attributes[key] = value)),
    setAttributes: (attributes) => change(() => Object.assign(record.attributes, attributes)),
    addEvent: (name) => change(() => (record.events = [...record.events, name])),
    addLink: (link) => change(() => (record.links = [...record.links, link])),
    addLinks: (links) => change(() => (record.links = [...record.links, ...links])),
    setStatus: (status) => change(() => (record.status = status)),
    updateName: (name) => change(() => (record.name = name)),
    recordException: () => void change(() => (record.events = [...record.events, 'exception'])),
    end: () => void record.ends++,
  }
  return span
}
