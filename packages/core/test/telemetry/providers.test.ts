import { readFileSync } from 'node:fs'
import {
  context,
  metrics,
  ROOT_CONTEXT,
  trace,
  type Span,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import { afterEach, expect, it } from 'vitest'
import { defineHarness, type TelemetryOptions } from '../../src/index.ts'
import { createTelemetry } from '../../src/telemetry/telemetry-observer.ts'
import { resolveTelemetry } from '../../src/telemetry/telemetry-options.ts'
import { collect, failureOf, thrownBy } from '../fixtures/collect.ts'
import { manualPlatform } from '../fixtures/manual-platform.ts'
import { storeOn } from '../fixtures/mortal-store.ts'
import { tracing } from '../fixtures/tracing.ts'
import { workflowsOf } from '../fixtures/waiting-harness.ts'

afterEach(() => {
  trace.disable()
  metrics.disable()
  context.disable()
})

async function world(telemetry?: TelemetryOptions | false) {
  const clock = manualPlatform()
  const harness = defineHarness({
    name: 'test',
    models: {},
    workflows: workflowsOf({ ran: {}, failing: true, release: () => undefined }),
    store: storeOn(clock),
    platform: clock,
    ...(telemetry !== undefined && { telemetry }),
  })
  return { clock, harness, session: await harness.getSession('s') }
}

const facts = {
  runId: 'r',
  sessionId: 's',
  target: { kind: 'agent', name: 'a', version: '1' },
  attempt: 1,
  durable: false,
  metadata: {},
}

it('nobody listens when no SDK is registered: an attempt has no observer, and nothing is recorded of a trace', async () => {
  const options = resolveTelemetry('x', {}, {})
  const observer = options && createTelemetry({ harness: 'h', options, platform: manualPlatform() })
  expect(observer?.attempt(facts)).toBeUndefined()
  expect(observer?.append({})).toBeUndefined()
  const { clock, harness, session } = await world()
  await clock.until(session.workflows.quick.run(1, { durable: { runId: 'r' } }))
  expect(JSON.stringify(await collect(harness.runs.events('r')))).not.toContain('traceparent')
})

it('an SDK that is registered after the harness was made is used from the next run on', async () => {
  const { clock, session } = await world()
  await clock.until(session.workflows.quick.run(1))
  const sdk = tracing()
  trace.setGlobalTracerProvider(sdk.telemetry.tracerProvider)
  metrics.setGlobalMeterProvider(sdk.telemetry.meterProvider)
  await clock.until(session.workflows.quick.run(2))
  expect(sdk.named('belay.run')).toHaveLength(1)
  expect((await sdk.points('belay.runs')).map(({ sum }) => sum)).toEqual([1])
})

it('`telemetry: false` keeps a registered SDK out', async () => {
  const sdk = tracing()
  trace.setGlobalTracerProvider(sdk.telemetry.tracerProvider)
  const { clock, session } = await world(false)
  await clock.until(session.workflows.quick.run(1))
  expect(sdk.spans()).toEqual([])
})

const shout = (): never => {
  throw new Error('the SDK is broken')
}
const real = tracing().telemetry.tracerProvider.getTracer('real')
const spanThatThrows = (...methods: readonly (keyof Span)[]): Tracer => ({
  startSpan: (name, options, parent) => {
    const span = real.startSpan(name, options, parent)
    return Object.assign(
      Object.create(span) as Span,
      Object.fromEntries(methods.map((method) => [method, shout])),
    )
  },
  startActiveSpan: shout,
})
let started = 0
const brokenTracers: Readonly<Record<string, () => Tracer>> = {
  'is not given': shout,
  'starts no span': () => ({ startSpan: shout, startActiveSpan: shout }),
  'starts the first span alone': () => ({
    startSpan: (name, options, parent) => (started++ === 0 ? real.startSpan(name, options, parent) : shout()),
    startActiveSpan: shout,
  }),
  'has spans that cannot end': () => spanThatThrows('end'),
  'has spans that take nothing': () =>
    spanThatThrows('setAttribute', 'setAttributes', 'setStatus', 'recordException'),
  'has spans without a context': () => spanThatThrows('spanContext'),
}

it.each(Object.entries(brokenTracers))('a tracer that %s changes no outcome', async (_how, getTracer) => {
  started = 0
  const tracerProvider: TracerProvider = { getTracer }
  await expectUsualOutcomes({ tracerProvider })
})

it('a meter that throws changes no outcome', async () => {
  await expectUsualOutcomes({ meterProvider: { getMeter: shout } })
  const instrument = { add: shout, record: shout, addCallback: shout, removeCallback: shout }
  const meter = new Proxy({}, { get: () => () => instrument }) as never
  await expectUsualOutcomes({ meterProvider: { getMeter: () => meter } })
})

it.each([
  ['throws', shout],
  ['never calls back', () => undefined],
  ['calls back twice', (_context: unknown, body: () => unknown) => [body(), body()]],
])('a context manager that %s changes no outcome, and bodies run once', async (_how, enter) => {
  context.setGlobalContextManager({
    active: () => ROOT_CONTEXT,
    with: enter,
    bind: (_context: unknown, target: unknown) => target,
    enable: () => undefined,
    disable: () => undefined,
  } as never)
  await expectUsualOutcomes({ tracerProvider: tracing().telemetry.tracerProvider })
})

async function expectUsualOutcomes(telemetry: TelemetryOptions): Promise<void> {
  const clock = manualPlatform()
  const outside = { ran: {} as Record<string, number>, failing: true, release: () => undefined }
  const harness = defineHarness({
    name: 'test',
    models: {},
    workflows: workflowsOf(outside),
    store: storeOn(clock),
    platform: clock,
    telemetry,
  })
  const session = await harness.getSession('s')
  expect(await clock.until(session.workflows.quick.run(7))).toBe(7)
  expect(outside.ran['quick']).toBe(1)
  await expect(clock.until(session.workflows.fail.run(null))).rejects.toThrow('bad luck')
  const handle = await session.workflows.hold.start(null)
  await clock.settle()
  await handle.cancel()
  expect(await failureOf(clock.until(handle.result))).toMatchObject({ code: 'run/cancelled' })
}

it('contentCapture follows the environment, and the option goes before it [TEL-7]', () => {
  const name = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT'
  const captured = (value: string | undefined, options: TelemetryOptions = {}) =>
    resolveTelemetry('x', options, { [name]: value })?.contentCapture
  expect(captured(undefined)).toBe(false)
  expect(captured('true')).toBe(true)
  expect(captured('SPAN_ONLY')).toBe(true)
  expect(captured('span_and_event')).toBe(true)
  expect(captured('false')).toBe(false)
  expect(captured('EVENT_ONLY')).toBe(false)
  expect(captured('true', { contentCapture: false })).toBe(false)
  expect(captured(undefined, { contentCapture: true })).toBe(true)
})

it.each([
  ['flavor', { flavor: 'other' }],
  ['contentCapture', { contentCapture: 'yes' }],
  ['tracerProvider', { tracerProvider: {} }],
  ['meterProvider', { meterProvider: {} }],
])('an invalid %s is refused by name [TEL-3]', (field, telemetry) => {
  const error = thrownBy(() => defineHarness({ name: 'x', models: {}, telemetry: telemetry as never }))
  expect(error.code).toBe('config/definition')
  expect(error.message).toContain(`telemetry.${field}`)
})

it('core depends on the API of OpenTelemetry and on no SDK [TEL-10]', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  const names = Object.keys(manifest.dependencies).filter((name) => name.startsWith('@opentelemetry/'))
  expect(names).toEqual(['@opentelemetry/api'])
})
