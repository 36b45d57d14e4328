import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow } from '../../src/index.ts'
import type { Store } from '../../src/ports/index.ts'
import { failureOf } from '../fixtures/collect.ts'
import { manualPlatform } from '../fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from '../fixtures/mortal-store.ts'
import { calls, says, scriptedModel, silence, type Turn } from '../fixtures/scripted-model.ts'
import { followAsync, tracing } from '../fixtures/tracing.ts'

let stopFollowing: () => void
beforeAll(() => (stopFollowing = followAsync()))
afterAll(() => stopFollowing())

const durable = { runId: 'r' }

/** What the tool and the model saw as the active span. */
const seen: string[] = []
const activeSpan = (): string => trace.getSpan(context.active())?.spanContext().spanId ?? 'none'

const peek = defineTool({
  name: 'peek',
  description: 'Looks at where it is.',
  input: z.object({}),
  effect: 'read',
  execute: async () => {
    await Promise.resolve()
    seen.push(`tool ${activeSpan()}`)
    return null
  },
})
const agent = defineAgent({ name: 'agent', model: 'fast', instructions: 'x', tools: [peek] })
const flow = defineWorkflow({
  name: 'flow',
  input: z.enum(['wait', 'fail', 'retry', 'slow', 'hold', 'deaf', 'ok']),
  output: z.json(),
  run: async (ctx, what) => {
    await ctx.step('before', () => 1)
    if (what === 'wait') return ctx.wait('go', { schema: z.number() })
    if (what === 'fail') return ctx.step('risky', () => Promise.reject(new TypeError('content')))
    if (what === 'slow') return ctx.step('slow', () => new Promise<null>(() => undefined), { timeoutMs: 50 })
    if (what === 'deaf') return ctx.step('deaf', () => new Promise<null>(() => undefined))
    if (what === 'hold')
      return ctx.step(
        'hold',
        ({ signal }) =>
          new Promise<null>((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          ),
      )
    if (what === 'retry')
      return ctx.step(
        'flaky',
        ({ attempt }) => (attempt < 3 ? Promise.reject(new Error('content')) : Promise.resolve('at last')),
        { retry: { maxAttempts: 3, minDelayMs: 10 } },
      )
    return 'ok'
  },
})

function world(turns: readonly Turn[] = [], sdk = tracing()) {
  const clock = manualPlatform()
  const shared = storeOn(clock)
  const model = scriptedModel(turns)
  const harnessOf = (over: { store?: Store; owner?: string } = {}) =>
    defineHarness({
      name: 'test',
      models: { fast: model },
      agents: { agent },
      workflows: { flow },
      store: over.store ?? shared,
      platform: over.owner === undefined ? clock : clock.process(over.owner),
      telemetry: sdk.telemetry,
    })
  return { clock, shared, sdk, model, harnessOf, harness: harnessOf() }
}

const outcomes = ({ sdk }: ReturnType<typeof world>): unknown[] =>
  sdk
    .named('belay.run')
    .map(({ attributes }) => [attributes['belay.run.attempt'], attributes['belay.run.outcome']])
const failureOfSpan = ({ sdk }: ReturnType<typeof world>, name: string): unknown[] =>
  sdk.named(name).map(({ attributes, status }) => [attributes['error.type'], status.code, status.message])

describe('every started span ends once', () => {
  it('when the run fails, with the kind of the failure and without its message', async () => {
    const given = world()
    const session = await given.harness.getSession('s')
    await expect(given.clock.until(session.workflows.flow.run('fail'))).rejects.toThrow('content')
    expect(outcomes(given)).toEqual([[1, 'failed']])
    expect(failureOfSpan(given, 'belay.run')).toEqual([['TypeError', SpanStatusCode.ERROR, undefined]])
    expect(failureOfSpan(given, 'belay.step')).toEqual([
      [undefined, SpanStatusCode.UNSET, undefined],
      ['TypeError', SpanStatusCode.ERROR, undefined],
    ])
    expect(given.sdk.open).toBe(0)
  })

  it('when the run is cancelled', async () => {
    const given = world([silence])
    const session = await given.harness.getSession('s')
    const handle = await session.agents.agent.start('x', { durable })
    await given.clock.settle()
    await handle.cancel('content')
    await failureOf(given.clock.until(handle.result))
    expect(outcomes(given)).toEqual([[1, 'cancelled']])
    expect(given.sdk.named('chat').map(({ attributes }) => attributes['error.type'])).toEqual([
      'operation/cancelled',
    ])
    expect(given.sdk.open).toBe(0)
  })

  it('when a step takes too long', async () => {
    const given = world()
    const session = await given.harness.getSession('s')
    await failureOf(given.clock.until(session.workflows.flow.run('slow')))
    expect(failureOfSpan(given, 'belay.step')[1]).toEqual([
      'operation/timeout',
      SpanStatusCode.ERROR,
      undefined,
    ])
    expect(given.sdk.open).toBe(0)
  })

  it('when another process takes the run over', async () => {
    const given = world()
    const session = await given.harnessOf({ owner: 'stale' }).getSession('s')
    const handle = await session.workflows.flow.start('hold', { durable })
    await given.clock.settle()
    given.clock.dead.add('stale')
    const other = await given.harness.getSession('s')
    const taken = await other.workflows.flow.start('hold', { durable })
    await given.clock.advance(20_000)
    expect(await failureOf(handle.result)).toMatchObject({ code: 'run/fenced' })
    await taken.cancel()
    await failureOf(given.clock.until(taken.result))
    expect(outcomes(given)).toEqual([
      [1, 'stopped'],
      [2, 'cancelled'],
    ])
    expect(failureOfSpan(given, 'belay.run')[0]).toEqual(['run/fenced', SpanStatusCode.ERROR, undefined])
    expect(given.sdk.open).toBe(0)
  })

  it('when the harness is shut down in the middle of a step', async () => {
    const given = world()
    const session = await given.harness.getSession('s')
    const handle = await session.workflows.flow.start('hold', { durable })
    await given.clock.settle()
    await given.clock.until(given.harness.shutdown())
    expect(await failureOf(handle.result)).toMatchObject({ code: 'harness/closed' })
    expect(outcomes(given)).toEqual([[1, 'stopped']])
    expect(given.sdk.open).toBe(0)
  })

  it('when a step that does not hear the abort is left behind', async () => {
    const given = world()
    const session = await given.harness.getSession('s')
    const handle = await session.workflows.flow.start('deaf', { durable })
    await given.clock.settle()
    expect(given.sdk.open).toBe(2)
    void given.harness.shutdown()
    expect(await failureOf(given.clock.until(handle.result))).toMatchObject({ code: 'harness/closed' })
    await given.clock.settle()
    expect(outcomes(given)).toEqual([[1, 'stopped']])
    expect(failureOfSpan(given, 'belay.step').at(-1)).toEqual([
      'harness/closed',
      SpanStatusCode.ERROR,
      undefined,
    ])
    expect(given.sdk.open).toBe(0)
  })

  it('when the start cannot be recorded', async () => {
    const given = world()
    const store = mortalStore(given.shared, (batch) => {
      if (typesOf(batch).includes('run.started')) throw new Error('content')
    })
    const session = await given.harnessOf({ store }).getSession('s')
    await expect(given.clock.until(session.workflows.flow.run('ok'))).rejects.toThrow('content')
    expect(outcomes(given)).toEqual([[1, 'refused']])
    expect(given.sdk.open).toBe(0)
  })

  it('when a step is tried again: a span for each attempt', async () => {
    const given = world()
    const session = await given.harness.getSession('s')
    expect(await given.clock.until(session.workflows.flow.run('retry'))).toBe('at last')
    expect(
      given.sdk
        .named('belay.step')
        .filter(({ attributes }) => attributes['belay.step.name'] === 'flaky')
        .map(({ attributes }) => [attributes['belay.step.attempt'], attributes['error.type']]),
    ).toEqual([
      [1, 'Error'],
      [2, 'Error'],
      [3, undefined],
    ])
    expect(given.sdk.open).toBe(0)
  })
})

describe('a run that goes on', () => {
  it('after a wait links to its first attempt, and replayed steps make no span [TEL-8, TEL-9]', async () => {
    const given = world()
    const session = await given.harness.getSession('s')
    const handle = await session.workflows.flow.start('wait', { durable })
    await given.clock.advance(1_000)
    expect(outcomes(given)).toEqual([[1, 'suspended']])
    expect(given.sdk.open).toBe(0)
    // Whoever wakes the run is not who asked for it.
    const tracer = given.sdk.telemetry.tracerProvider.getTracer('app')
    await tracer.startActiveSpan('signal', async (span) => {
      await given.harness.runs.signal('r', 'go', 7)
      span.end()
    })
    expect(await given.clock.until(handle.result)).toBe(7)
    expect(outcomes(given)).toEqual([
      [1, 'suspended'],
      [2, 'succeeded'],
    ])
    const [first, second] = given.sdk.named('belay.run')
    expect(first?.links).toEqual([])
    expect(second?.links.map(({ context: linked }) => linked.spanId)).toEqual([first?.spanContext().spanId])
    expect(second?.links.map(({ context: linked }) => linked.traceId)).toEqual([first?.spanContext().traceId])
    expect(second?.spanContext().traceId).not.toBe(first?.spanContext().traceId)
    expect(second?.parentSpanContext).toBeUndefined()
    expect(given.sdk.named('belay.step')).toHaveLength(1)
  })

  it('after a crash makes no span for what is recorded; usage sums up to the summary [TEL-4, TEL-8]', async () => {
    const turns = [calls(['c1', 'peek', {}]), calls(['c2', 'peek', {}]), says('done'), says('done')]
    // Kills at the append k, with the answer of a model or of a tool in it or ahead of it.
    for (let kill = 2; kill <= 6; kill++) {
      const sdk = tracing()
      const given = world([...turns], sdk)
      let appends = 0
      const dying = mortalStore(given.shared, () => {
        if (++appends === kill) dying.die()
      })
      const first = await given.harnessOf({ store: dying, owner: 'dying' }).getSession('s')
      await first.agents.agent.start('x', { durable })
      await given.clock.settle()
      given.clock.dead.add('dying')
      const session = await given.harness.getSession('s')
      await given.clock.until(session.agents.agent.run('x', { durable }))
      const summary = await given.harness.runs.summary('r')
      const sum = (name: string): number =>
        sdk.named('chat').reduce((total, { attributes }) => total + Number(attributes[name] ?? 0), 0)
      expect([kill, sum('gen_ai.usage.input_tokens')]).toEqual([kill, summary.inputTokens])
      expect([kill, sum('gen_ai.usage.output_tokens')]).toEqual([kill, summary.outputTokens])
      const last = sdk.named('belay.run').at(-1)?.attributes
      expect(last).toMatchObject({
        'belay.run.attempt': 2,
        'belay.run.input_tokens': summary.inputTokens,
        'belay.run.output_tokens': summary.outputTokens,
        'belay.run.model_calls': summary.modelCalls,
        'belay.run.tool_calls': summary.toolCalls,
      })
      expect(sdk.named('chat').length).toBe(summary.modelCalls)
      expect(sdk.named('execute_tool').length).toBe(summary.toolCalls)
    }
  })
})

describe('what is active', () => {
  it('in a tool and in a model adapter is their own span', async () => {
    seen.length = 0
    const model = async (): Promise<ReturnType<typeof says>> => {
      seen.push(`model ${activeSpan()}`)
      return seen.length < 2 ? calls(['c1', 'peek', {}]) : says('done')
    }
    const given = world([model, model])
    const session = await given.harness.getSession('s')
    await given.clock.until(session.agents.agent.run('x'))
    const ids = (name: string): string[] => given.sdk.named(name).map((span) => span.spanContext().spanId)
    const [chat1, chat2] = ids('chat')
    expect(seen).toEqual([`model ${chat1}`, `tool ${ids('execute_tool')[0]}`, `model ${chat2}`])
  })

  it('where a run is started is the parent of its span; a span around a step is the parent of the step', async () => {
    const sdk = tracing()
    const tracer = sdk.telemetry.tracerProvider.getTracer('app')
    const clock = manualPlatform()
    const wrapped = defineWorkflow({
      name: 'wrapped',
      input: z.null(),
      output: z.null(),
      run: async (ctx) => {
        await ctx.step('one', () => null)
        await tracer.startActiveSpan('of the application', async (span) => {
          await ctx.step('two', () => null)
          span.end()
        })
        return ctx.step('three', () => null)
      },
    })
    const harness = defineHarness({
      name: 'test',
      models: {},
      workflows: { wrapped },
      store: storeOn(clock),
      platform: clock,
      telemetry: sdk.telemetry,
    })
    const session = await harness.getSession('s')
    await tracer.startActiveSpan('request', async (span) => {
      await clock.until(session.workflows.wrapped.run(null))
      span.end()
    })
    expect(sdk.named('belay.run').map((span) => sdk.parentOf(span))).toEqual(['request'])
    expect(sdk.named('belay.step').map((span) => sdk.parentOf(span))).toEqual([
      'belay.run',
      'of the application',
      'belay.run',
    ])
  })

  it('in a run that is not sampled is its context, and no span is exported', async () => {
    seen.length = 0
    const given = world([calls(['c1', 'peek', {}]), says('done')], tracing(new AlwaysOffSampler()))
    const session = await given.harness.getSession('s')
    await given.clock.until(session.agents.agent.run('x'))
    expect(given.sdk.spans()).toEqual([])
    expect(seen).toEqual([expect.stringMatching(/^tool [0-9a-f]{16}$/)])
  })

  it('in runs side by side is never that of another run', async () => {
    const given = world()
    const sessions = await Promise.all(
      Array.from({ length: 8 }, (_, index) => given.harness.getSession(`s${index}`)),
    )
    await given.clock.until(
      Promise.all(
        sessions.map((session, index) =>
          session.workflows.flow.run('retry', { durable: { runId: `r${index}` } }),
        ),
      ),
    )
    const runOf = new Map(
      given.sdk
        .named('belay.run')
        .map((span) => [span.spanContext().traceId, span.attributes['belay.run.id']]),
    )
    expect(runOf.size).toBe(8)
    for (const span of given.sdk.spans())
      expect(span.attributes['belay.run.id']).toBe(runOf.get(span.spanContext().traceId))
    expect(given.sdk.spans().length).toBe(
      8 * given.sdk.spans().filter((span) => span.attributes['belay.run.id'] === 'r0').length,
    )
  })
})
