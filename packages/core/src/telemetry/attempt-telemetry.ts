import { context, SpanKind, trace, type Attributes, type Context, type Tracer } from '@opentelemetry/api'
import { errorType } from '../feed/redact.ts'
import type { NewBatch } from '../feed/writer.ts'
import { serializeError, type ErrorRecord } from '../errors/serialize.ts'
import type { ResultData, ResultType, TraceContext } from '../history/event.ts'
import type { Platform, RunMetrics } from '../ports/index.ts'
import type { AttemptEnd } from '../run/attempt-end.ts'
import type {
  AttemptFacts,
  AttemptObserver,
  ChildFacts,
  EffectNoun,
  EffectObserver,
  EffectRun,
  NotStarted,
  OperationEnd,
  OperationFacts,
} from '../run/observer.ts'
import { metadataAttributes } from './attribute-values.ts'
import { attributesIn, type Dialect } from './dialect.ts'
import { EffectTelemetry } from './effect-telemetry.ts'
import { quietly, runInside } from './guard.ts'
import type { Instruments } from './instruments.ts'
import { operationSpan } from './operation-span.ts'
import { RunTotals } from './run-totals.ts'
import { OpenSpan, parentOf, spanContextOf, traceContextOf } from './spans.ts'
import type { ResolvedTelemetry } from './telemetry-options.ts'

/** What the telemetry of an attempt works with. */
export interface AttemptTelemetryInit {
  readonly harness: string
  readonly options: ResolvedTelemetry
  readonly platform: Platform
  readonly tracer: Tracer
  /** Absent when nobody measures. */
  readonly instruments: Instruments | undefined
  /** The attempt needs nothing more. */
  readonly over: () => void
}

/** Spans and measurements of one attempt. Every span has its parent by the keys of scopes, not by what is active. */
export class AttemptTelemetry implements AttemptObserver {
  readonly init: AttemptTelemetryInit
  readonly facts: AttemptFacts
  readonly metrics: RunMetrics
  /** Few values each: on every measurement. */
  readonly bound: Readonly<Record<string, string>>
  readonly trace: TraceContext | undefined
  readonly #run: OpenSpan
  readonly #totals: RunTotals
  /** Spans of agents by the key of their scope. */
  readonly #agents = new Map<string, OpenSpan>()
  /** The execution under way by the key of its step. */
  readonly #effects = new Map<string, EffectTelemetry>()
  readonly #appends = new Set<OpenSpan>()
  #over = false

  constructor(facts: AttemptFacts, init: AttemptTelemetryInit) {
    this.facts = facts
    this.init = init
    this.#totals = new RunTotals(facts.before?.results ?? [])
    this.bound = { 'belay.target.kind': facts.target.kind, 'belay.target.name': facts.target.name }
    const { instruments } = init
    this.metrics = {
      counter: (name, value = 1, attributes) =>
        instruments?.add(name, value, { ...attributes, ...this.bound }),
      histogram: (name, value, attributes) =>
        instruments?.record(name, value, { ...attributes, ...this.bound }),
    }
    this.#run = new OpenSpan(init.tracer, 'belay.run', this.#runOptions(), parentOf(facts))
    this.trace = traceContextOf(this.#run.span)
  }

  /** Attributes in the words of the chosen conventions. */
  say(words: (dialect: Dialect) => Attributes): Attributes {
    return attributesIn(this.init.options.flavor, words)
  }

  within<T>(scope: string, body: () => T): T {
    if (scope === '' && this.facts.target.kind === 'agent') quietly(() => this.#openRootAgent())
    return runInside((run) => context.with(this.#contextOf(scope), run), body)
  }

  child({ scope, agent }: ChildFacts): void {
    this.#openAgent(scope, { agent }, this.#contextOf(parentKey(scope)))
  }

  childEnded(scope: string, error?: ErrorRecord): void {
    this.#agents.get(scope)?.end(error === undefined ? undefined : errorType(error))
    this.#agents.delete(scope)
  }

  /** A span that the application itself has put around its call stays the parent, when it belongs to this trace. */
  asked(): Context | undefined {
    const active = context.active()
    const span = trace.getSpanContext(active)
    return span !== undefined && span.traceId === this.#run.span.spanContext().traceId ? active : undefined
  }

  effect(run: EffectRun): EffectObserver {
    const parent = (run.asked as Context | undefined) ?? this.#contextOf(run.scope)
    const effect = new EffectTelemetry(this, run, parent)
    if (this.#over) effect.abandon(undefined)
    this.#effects.set(run.key, effect)
    return effect
  }

  operation(facts: OperationFacts): (end: OperationEnd) => void {
    const parent = this.#effects.get(facts.key)?.context ?? this.#contextOf(facts.key)
    return operationSpan({ tracer: this.init.tracer, runId: this.facts.runId, parent }, facts)
  }

  retried(noun: EffectNoun): void {
    this.init.instruments?.retries.add(1, { ...this.bound, 'belay.step.kind': noun })
  }

  recorded(type: ResultType, data: ResultData): void {
    this.#totals.add({ type, data })
    const effect = this.#effects.get(data.key)
    this.#effects.delete(data.key)
    effect?.recorded(data)
    const kind = type.slice(0, type.indexOf('.'))
    const { instruments } = this.init
    instruments?.steps.add(1, { ...this.bound, 'belay.step.kind': kind, 'belay.step.status': data.status })
  }

  /** An append that is under way when the attempt ends, such as the last one, ends by itself right after. */
  append(batch: NewBatch): (error?: unknown) => void {
    const { tracer, platform, instruments } = this.init
    const entries = (batch.entries ?? []).reduce((sum, part) => sum + part.entries.length, 0)
    const attributes = { 'belay.run.id': this.facts.runId, 'belay.append.entries': entries }
    const span = new OpenSpan(tracer, 'belay.store.append', { attributes }, this.#run.context)
    this.#appends.add(span)
    const startedAt = platform.monotonic()
    return (error) => {
      this.#appends.delete(span)
      const failure = error === undefined ? undefined : errorType(serializeError(error))
      span.end(failure)
      const seconds = (platform.monotonic() - startedAt) / 1_000
      quietly(() =>
        instruments?.appendDuration.record(seconds, failure === undefined ? {} : { 'error.type': failure }),
      )
    }
  }

  ended(end: AttemptEnd | NotStarted): void {
    if (this.#over) return
    this.#over = true
    this.init.over()
    const { outcome, failure } = outcomeOf(end)
    for (const effect of this.#effects.values()) effect.abandon(failure)
    this.#effects.clear()
    // Children were opened after their parents, and end before them.
    for (const agent of [...this.#agents.values()].toReversed()) agent.end(failure)
    this.#agents.clear()
    for (const append of this.#appends) append.end(failure)
    quietly(() => this.#run.add({ ...this.#totals.attributes(), 'belay.run.outcome': outcome }))
    this.#run.end(outcome === 'cancelled' || outcome === 'suspended' ? undefined : failure)
    this.init.instruments?.runs.add(1, { ...this.bound, 'belay.run.outcome': outcome })
  }

  #runOptions() {
    const { runId, sessionId, target, attempt, durable, metadata, before } = this.facts
    const first = before?.started.trace
    return {
      kind: SpanKind.INTERNAL,
      attributes: {
        ...this.say((dialect) => dialect.other(sessionId)),
        ...this.bound,
        'belay.harness': this.init.harness,
        'belay.run.id': runId,
        'belay.run.attempt': attempt,
        'belay.run.durable': durable,
        'belay.session.id': sessionId,
        'belay.target.version': target.version,
        ...metadataAttributes(metadata),
      },
      ...(first !== undefined && {
        links: [{ context: spanContextOf(first), attributes: { 'belay.link': 'first_attempt' } }],
      }),
    }
  }

  #openRootAgent(): void {
    const { name, version } = this.facts.target
    if (!this.#agents.has('')) this.#openAgent('', { agent: name, version }, this.#run.context)
  }

  #openAgent(
    scope: string,
    agent: { readonly agent: string; readonly version?: string },
    parent: Context,
  ): void {
    const { runId, sessionId } = this.facts
    const attributes = {
      ...this.say((dialect) => dialect.agent({ ...agent, sessionId })),
      'belay.run.id': runId,
      'belay.key': scope,
    }
    this.#agents.set(
      scope,
      new OpenSpan(this.init.tracer, `invoke_agent ${agent.agent}`, { attributes }, parent),
    )
  }

  /** The nearest agent around a key; items of a fan-out have no span of their own. */
  #contextOf(key: string): Context {
    for (let scope = key; ; scope = parentKey(scope)) {
      const agent = this.#agents.get(scope)
      if (agent !== undefined) return agent.context
      if (scope === '') return this.#run.context
    }
  }
}

function parentKey(key: string): string {
  const slash = key.lastIndexOf('/')
  return slash < 0 ? '' : key.slice(0, slash)
}

function outcomeOf(end: AttemptEnd | NotStarted): { readonly outcome: string; readonly failure?: string } {
  if (end.end === 'suspended') return { outcome: 'suspended' }
  if (end.end !== 'settled') return { outcome: end.end, failure: errorType(serializeError(end.error)) }
  const { program } = end
  if (program.outcome === 'succeeded') return { outcome: 'succeeded' }
  if (program.outcome === 'cancelled') return { outcome: 'cancelled', failure: 'run/cancelled' }
  return { outcome: 'failed', failure: errorType(serializeError(program.error)) }
}
