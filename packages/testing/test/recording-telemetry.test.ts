import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { defineAgent, defineHarness } from '@belay/core'
import { expect, it } from 'vitest'
import { recordingTelemetry } from '../src/fakes/recording-telemetry.ts'
import { textTurn } from '../src/model/script-turns.ts'
import { scriptedModel } from '../src/model/scripted-model.ts'

it('keeps the spans and the measurements of a run, each span ended once', async () => {
  const telemetry = recordingTelemetry()
  const agent = defineAgent({ name: 'guide', model: 'fast', instructions: 'x' })
  const harness = defineHarness({
    name: 'test',
    models: { fast: scriptedModel([textTurn('yes')]) },
    agents: { agent },
    telemetry,
  })
  const session = await harness.getSession('s')
  await session.agents.agent.run('x')
  await harness.shutdown()
  const spans = telemetry.spans.filter(({ name }) => name !== 'belay.store.append')
  const [run, invoked] = spans
  expect(spans.map(({ name, parent, ends }) => [name, parent?.spanId, ends])).toEqual([
    ['belay.run', undefined, 1],
    ['invoke_agent guide', run?.spanContext.spanId, 1],
    ['chat scripted-1', invoked?.spanContext.spanId, 1],
  ])
  expect(telemetry.open).toEqual([])
  expect(telemetry.total('belay.runs')).toBe(1)
  expect(telemetry.measurements).toContainEqual(
    expect.objectContaining({ name: 'belay.runs', kind: 'counter', value: 1 }),
  )
})

it('does not change a span that has ended, and counts a second end', () => {
  const { tracerProvider, spans } = recordingTelemetry()
  const span = tracerProvider.getTracer('t').startSpan('one', { attributes: { a: 1 } })
  span.setAttribute('b', 2).setStatus({ code: SpanStatusCode.ERROR }).addEvent('seen')
  span.end()
  span.setAttributes({ c: 3 }).updateName('two')
  span.end()
  expect(span.isRecording()).toBe(false)
  expect(spans).toMatchObject([
    {
      name: 'one',
      attributes: { a: 1, b: 2 },
      events: ['seen'],
      status: { code: SpanStatusCode.ERROR },
      ends: 2,
    },
  ])
})

it('gives children their parent, and a root none', () => {
  const { tracerProvider, spans } = recordingTelemetry()
  const tracer = tracerProvider.getTracer('t')
  const parent = tracer.startSpan('parent')
  const from = trace.setSpan(context.active(), parent)
  tracer.startSpan('child', {}, from)
  tracer.startSpan('root', { root: true }, from)
  expect(tracer.startActiveSpan('active', (span) => span.spanContext().spanId)).toBe(
    spans[3]?.spanContext.spanId,
  )
  expect(spans.map((span) => span.parent?.spanId)).toEqual([
    undefined,
    spans[0]?.spanContext.spanId,
    undefined,
    undefined,
  ])
  expect(spans[1]?.spanContext.traceId).toBe(spans[0]?.spanContext.traceId)
  expect(spans[2]?.spanContext.traceId).not.toBe(spans[0]?.spanContext.traceId)
})
