import {
  context,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  createTraceState,
  isSpanContextValid,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api'
import type { TraceContext } from '../history/event.ts'
import { quietly, runInside } from './guard.ts'

/** One span with the context in which its work runs. Ended once, whoever comes first. */
export class OpenSpan {
  readonly span: Span
  readonly context: Context
  #ended = false

  constructor(tracer: Tracer, name: string, options: SpanOptions, parent: Context) {
    this.span = tracer.startSpan(name, options, parent)
    this.context = trace.setSpan(parent, this.span)
  }

  get ended(): boolean {
    return this.#ended
  }

  within<T>(body: () => T): T {
    return runInside((run) => context.with(this.context, run), body)
  }

  add(attributes: Attributes): void {
    if (!this.#ended) this.span.setAttributes(attributes)
  }

  /** Ends it. The kind of a failure is an attribute; its message, which may be content, is nowhere. */
  end(failure?: string): void {
    if (this.#ended) return
    this.#ended = true
    quietly(() => {
      if (failure === undefined) return
      this.span.setAttribute('error.type', failure)
      this.span.setStatus({ code: SpanStatusCode.ERROR })
    })
    quietly(() => this.span.end())
  }
}

/** Where a span stands, as W3C trace context. */
export function traceContextOf(span: Span): TraceContext | undefined {
  const spanContext = span.spanContext()
  if (!isSpanContextValid(spanContext)) return undefined
  const { traceId, spanId, traceFlags, traceState } = spanContext
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0')
  const state = traceState?.serialize() ?? ''
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, ...(state !== '' && { tracestate: state }) }
}

/** The span that W3C trace context names. It was validated where it came in. */
export function spanContextOf({ traceparent, tracestate }: TraceContext): SpanContext {
  const [, traceId = '', spanId = '', flags = '00'] = traceparent.split('-')
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  }
}

/** The parent of a run's span: what the call named, else what is active where a first attempt is asked for. */
export function parentOf(facts: { readonly parent?: TraceContext; readonly before?: unknown }): Context {
  if (facts.parent !== undefined) return trace.setSpanContext(context.active(), spanContextOf(facts.parent))
  // Whatever wakes a run later did not ask for it: a later attempt is a trace of its own, linked to the first.
  return facts.before === undefined ? context.active() : ROOT_CONTEXT
}
