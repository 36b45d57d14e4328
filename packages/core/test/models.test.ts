import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow, type ModelAlias } from '../src/index.ts'
import { PortError, type ModelPart, type ModelRequest } from '../src/ports/index.ts'
import { collect, failureOf, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { says, scriptedModel, silence, type Turn } from './fixtures/scripted-model.ts'

const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.' })

function setup(script: readonly Turn[], alias: Omit<ModelAlias, 'model'> = {}) {
  const clock = manualPlatform()
  const model = scriptedModel(script)
  const harness = defineHarness({
    name: 'test',
    models: { main: { model, ...alias } },
    agents: { agent },
    platform: clock,
    store: storeOn(clock),
  })
  const run = async (options = {}) => {
    const session = await harness.getSession('s')
    return clock.until(session.agents.agent.run('go', { durable: { runId: 'r' }, timeoutMs: 0, ...options }))
  }
  return { clock, model, harness, run, events: () => collect(harness.runs.events('r')) }
}

const fault = (code: ConstructorParameters<typeof PortError>[0]['code'], retryable: boolean, meta = {}) =>
  new PortError({ code, message: 'no', retryable, meta })

describe('retries of a model call', () => {
  test.each(['model/network', 'model/timeout', 'model/rate-limit', 'model/server'] as const)(
    '%s is tried again [MOD-10]',
    async (code) => {
      const { model, run, clock } = setup([fault(code, true), says('ok')])
      expect(await run()).toBe('ok')
      expect(model.requests).toHaveLength(2)
      expect(clock.monotonic()).toBe(250)
    },
  )

  test.each([
    'model/auth',
    'model/bad-request',
    'model/context-length',
    'model/content-filter',
    'model/malformed',
  ] as const)('%s is not [MOD-11]', async (code) => {
    const { model, run } = setup([fault(code, false)])
    expect(await failureOf(run())).toMatchObject({ code })
    expect(model.requests).toHaveLength(1)
  })

  test('an error without a code is not', async () => {
    const { run } = setup([new Error('a bug')])
    await expect(run()).rejects.toThrow('a bug')
  })

  test('three attempts, 500 ms to 8 s apart with jitter, are the default [MOD-8]', async () => {
    const { run, events, clock } = setup([1, 2, 3].map(() => fault('model/server', true)))
    expect(await failureOf(run())).toMatchObject({ code: 'model/server' })
    // The fixture's jitter is the smallest: half of 500 and half of 1,000.
    expect((await events()).filter((event) => event.type === 'step.retried')).toMatchObject([
      { attempt: 1, delayMs: 250 },
      { attempt: 2, delayMs: 500 },
    ])
    expect(clock.monotonic()).toBe(750)
  })

  test('the wait never grows beyond maxDelayMs [MOD-3, MOD-8]', async () => {
    const { run, events } = setup(
      [...Array.from({ length: 7 }, () => fault('model/server', true)), says('ok')],
      {
        retry: { maxAttempts: 8 },
      },
    )
    await run()
    const delays = (await events()).flatMap((event) => (event.type === 'step.retried' ? [event.delayMs] : []))
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000])
  })

  test('Retry-After is honoured [MOD-9]', async () => {
    const { run, clock } = setup([fault('model/rate-limit', true, { retryAfterMs: 12_000 }), says('ok')])
    expect(await run()).toBe('ok')
    expect(clock.monotonic()).toBe(12_000)
  })

  test('a wait over 20 s fails at once and says retryAfterMs [MOD-8, MOD-12]', async () => {
    const { run, clock } = setup([fault('model/rate-limit', true, { retryAfterMs: 20_001 })])
    expect(await failureOf(run())).toMatchObject({ code: 'model/rate-limit', meta: { retryAfterMs: 20_001 } })
    expect(clock.monotonic()).toBe(0)
  })

  test('60 s of attempts and waits together are the limit [MOD-8]', async () => {
    const slow = fault('model/rate-limit', true, { retryAfterMs: 20_000 })
    const { run, clock, model } = setup([slow, slow, slow, slow, slow], { retry: { maxAttempts: 10 } })
    expect(await failureOf(run())).toMatchObject({ code: 'model/rate-limit' })
    expect(clock.monotonic()).toBe(60_000)
    expect(model.requests).toHaveLength(4)
  })

  test('`retry: false` is one attempt [MOD-3]', async () => {
    const { run, model } = setup([fault('model/server', true)], { retry: false })
    await failureOf(run())
    expect(model.requests).toHaveLength(1)
  })

  test('attempts survive a restart [STEP-5]', async () => {
    const clock = manualPlatform()
    const shared = storeOn(clock)
    const model = scriptedModel([fault('model/server', true), fault('model/server', true)])
    let retried = 0
    const store = mortalStore(shared, (batch) => {
      if (typesOf(batch).includes('step.retried')) retried++
    })
    const harnessOf = (name: string, over: object) =>
      defineHarness({
        name: 'test',
        models: { main: model },
        agents: { agent },
        platform: clock.process(name),
        store: shared,
        ...over,
      })
    const first = await harnessOf('process-1', { store }).getSession('s')
    void first.agents.agent.run('go', { durable: { runId: 'r' } }).catch(() => undefined)
    await clock.advance(300)
    expect(retried).toBe(2)
    store.die()
    clock.dead.add('process-1')
    const last = scriptedModel([fault('model/server', true), says('one too many')])
    const second = await harnessOf('process-2', { models: { main: last } }).getSession('s')
    expect(
      await failureOf(clock.until(second.agents.agent.run('go', { durable: { runId: 'r' } }))),
    ).toMatchObject({ code: 'model/server' })
    expect(last.requests).toHaveLength(1)
  })

  test('a stream is tried again only before its first part [MOD-14]', async () => {
    const { model, run } = setup([
      async function* () {
        yield { type: 'text-delta', text: 'half' }
        throw fault('model/network', true)
      },
    ])
    expect(await failureOf(run())).toMatchObject({ code: 'model/network' })
    expect(model.requests).toHaveLength(1)
  })
})

describe('a stream that does not end well', () => {
  test('one that goes silent is operation/timeout with meta.idle [MOD-21]', async () => {
    const half = async function* (request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelPart> {
      yield { type: 'text-delta', text: 'half' }
      yield* silence(request, signal)
    }
    const { clock, run } = setup([half])
    expect(await failureOf(run())).toMatchObject({
      code: 'operation/timeout',
      meta: { scope: 'model', idle: true, timeoutMs: 120_000 },
    })
    expect(clock.monotonic()).toBe(120_000)
  })

  test('one that is silent from the start is tried again [MOD-10]', async () => {
    const { run, model } = setup([silence, says('ok')], { idleTimeoutMs: 1_000 })
    expect(await run()).toBe('ok')
    expect(model.requests).toHaveLength(2)
  })

  test('one that is silent ends its attempt and not its step, also where a call has no time limit', async () => {
    const { run, model } = setup([silence, says('ok')], { idleTimeoutMs: 1_000, timeoutMs: 0 })
    expect(await run()).toBe('ok')
    expect(model.requests).toHaveLength(2)
  })

  test('an adapter that ignores the abort is left behind after a second', async () => {
    // oxlint-disable-next-line require-yield
    const deaf = async function* (): AsyncGenerator<ModelPart> {
      await new Promise(() => undefined)
    }
    const { run, clock } = setup([deaf], { idleTimeoutMs: 1_000, retry: false })
    expect(await failureOf(run())).toMatchObject({ code: 'operation/timeout', meta: { idle: true } })
    expect(clock.monotonic()).toBe(2_000)
  })

  test('one that ends early is model/incomplete [MOD-22]', async () => {
    const { run } = setup([[{ type: 'text-delta', text: 'half' }]])
    expect(await failureOf(run())).toMatchObject({ code: 'model/incomplete' })
  })

  test('parts after the finish are model/malformed', async () => {
    const { run } = setup([[...says('ok'), { type: 'text-delta', text: 'more' }]])
    expect(await failureOf(run())).toMatchObject({ code: 'model/malformed' })
  })

  test.each([[{ type: 'banana' }], [null], [undefined]])(
    'the part %o is model/malformed [MOD-23]',
    async (part) => {
      const { run } = setup([[part as never, ...says('ok')]])
      expect(await failureOf(run())).toMatchObject({ code: 'model/malformed' })
    },
  )

  test('a call that takes longer than its limit is operation/timeout [RUN-28]', async () => {
    const { run, clock } = setup([silence], { timeoutMs: 5_000, idleTimeoutMs: 0, retry: false })
    expect(await failureOf(run())).toMatchObject({
      code: 'operation/timeout',
      meta: { scope: 'model', timeoutMs: 5_000 },
    })
    expect(clock.monotonic()).toBe(5_000)
  })

  test('300 s are the default of a call [RUN-27]', async () => {
    const { run, clock } = setup([silence], { idleTimeoutMs: 0, retry: false })
    await failureOf(run())
    expect(clock.monotonic()).toBe(300_000)
  })

  test('an abort reaches the adapter [RUN-31]', async () => {
    let reason: unknown
    const { run, clock } = setup([
      async function* (request, signal) {
        signal.addEventListener('abort', () => (reason = signal.reason))
        yield* silence(request, signal)
      },
    ])
    const controller = new AbortController()
    const result = failureOf(run({ signal: controller.signal }))
    await clock.settle()
    controller.abort(new Error('enough'))
    expect(await result).toMatchObject({ code: 'run/cancelled' })
    expect(reason).toMatchObject({ code: 'operation/cancelled' })
    expect(clock.timers).toEqual([])
  })
})

describe('capabilities and aliases', () => {
  test('tools need a model with tools, before any I/O [MOD-5]', async () => {
    const model = scriptedModel([], ['text'])
    const tool = defineTool({ name: 't', description: 'T.', input: z.object({}), execute: () => 1 })
    const needy = defineAgent({ name: 'needy', model: 'main', instructions: 'x', tools: [tool] })
    expect(
      thrownBy(() => defineHarness({ name: 'test', models: { main: model }, agents: { needy } })),
    ).toMatchObject({ code: 'config/definition', message: expect.stringContaining('"tools"') })
    const models = { main: scriptedModel([]), plain: model }
    const session = await defineHarness({ name: 'test', models, agents: { needy } }).getSession('s')
    expect(await failureOf(session.agents.needy.run('go', { model: 'plain' }))).toMatchObject({
      code: 'model/capability',
      meta: { alias: 'plain', capability: 'tools' },
    })
    expect(model.requests).toEqual([])
  })

  test('an alias that nobody has is refused before the run exists', async () => {
    const { harness } = setup([])
    const session = await harness.getSession('s')
    expect(await failureOf(session.agents.agent.run('go', { model: 'other' }))).toMatchObject({
      code: 'model/unknown-alias',
    })
    expect(await harness.runs.list()).toEqual([])
  })

  test('another alias may be named by a call', async () => {
    const model = scriptedModel([says('other')])
    const harness = defineHarness({
      name: 'test',
      models: { main: scriptedModel([]), other: model },
      agents: { agent },
    })
    const session = await harness.getSession('s')
    expect(await session.agents.agent.run('go', { model: 'other' })).toBe('other')
  })

  test.each([
    ['no model', {}, /not a model/],
    [
      'a retry that is not valid',
      { model: scriptedModel([]), retry: { maxAttempts: 0 } },
      /retry\.maxAttempts/,
    ],
    ['a negative limit', { model: scriptedModel([]), timeoutMs: -1 }, /timeoutMs/],
  ])('%s is config/definition', (_title, choice, message) => {
    const error = thrownBy(() => defineHarness({ name: 'test', models: { main: choice as never } }))
    expect(error.code).toBe('config/definition')
    expect(error.message).toMatch(message)
  })
})

describe('a model that a workflow calls', () => {
  const callOf = (init: object, needs: readonly ['text'] | readonly ['object'] = ['text']) =>
    defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.unknown(),
      models: { main: needs },
      run: async (ctx) => (await ctx.models.main.generate(init as never)).output,
    })

  async function run(workflow: ReturnType<typeof callOf>, script: readonly Turn[], capabilities?: never) {
    const clock = manualPlatform()
    const model = scriptedModel(script, capabilities)
    const harness = defineHarness({
      name: 'test',
      models: { main: model },
      workflows: { workflow },
      platform: clock,
      store: storeOn(clock),
    })
    const session = await harness.getSession('s')
    const result = clock.until(session.workflows.workflow.run(null))
    return { model, clock, result }
  }

  test('answers with text, or with what its schema gives', async () => {
    expect(await (await run(callOf({ prompt: 'p', system: 's' }), [says('hi')])).result).toBe('hi')
    const structured = callOf({ prompt: 'p', output: z.object({ a: z.number() }) }, ['object'])
    expect(await (await run(structured, [says('{"a":1}')])).result).toEqual({ a: 1 })
  })

  test('an answer that its schema refuses is validation/agent_output', async () => {
    const structured = callOf({ prompt: 'p', output: z.object({ a: z.number() }) }, ['object'])
    expect(await failureOf((await run(structured, [says('{"a":"1"}')])).result)).toMatchObject({
      code: 'validation/agent_output',
    })
    expect(await failureOf((await run(structured, [says('prose')])).result)).toMatchObject({
      code: 'validation/agent_output',
    })
  })

  test("a call's retry goes before the alias's [MOD-17]", async () => {
    const { result, model } = await run(callOf({ prompt: 'p', retry: false }), [fault('model/server', true)])
    await failureOf(result)
    expect(model.requests).toHaveLength(1)
  })

  test('an invalid one is refused before I/O [MOD-18]', async () => {
    const { result, model } = await run(callOf({ prompt: 'p', retry: { maxAttempts: 0 } }), [])
    expect(await failureOf(result)).toMatchObject({
      code: 'validation/options',
      meta: { field: 'retry.maxAttempts' },
    })
    expect(model.requests).toEqual([])
  })

  test("a call's limit goes before the alias's", async () => {
    const { result, clock } = await run(callOf({ prompt: 'p', retry: false, timeoutMs: 700 }), [silence])
    expect(await failureOf(result)).toMatchObject({ code: 'operation/timeout', meta: { timeoutMs: 700 } })
    expect(clock.monotonic()).toBe(700)
  })

  test('what the alias lacks is refused: a declared need at once, another one before I/O [MOD-1, MOD-5]', async () => {
    const init = { prompt: 'p', output: z.object({}) }
    await expect(run(callOf(init, ['object']), [], ['text'] as never)).rejects.toMatchObject({
      code: 'config/definition',
    })
    const { result, model } = await run(callOf(init), [], ['text'] as never)
    expect(await failureOf(result)).toMatchObject({ code: 'model/capability' })
    expect(model.requests).toEqual([])
  })

  test('the deltas of its second call are its own', async () => {
    const workflow = defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.null(),
      models: { main: ['text'] },
      run: async (ctx) => {
        await ctx.models.main.generate({ prompt: '1' })
        await ctx.models.main.generate({ prompt: '2' })
        return null
      },
    })
    const harness = defineHarness({
      name: 'test',
      models: { main: scriptedModel([says('a'), says('b')]) },
      workflows: { workflow },
    })
    const session = await harness.getSession('s')
    const events = await collect(session.workflows.workflow.stream(null))
    const keys = events.flatMap((event) =>
      event.type === 'model.delta' || event.type === 'model.finished' ? [event.key] : [],
    )
    expect(keys).toEqual(['model.main', 'model.main', 'model.main#2', 'model.main#2'])
  })

  test('a failure that nobody awaits does not end the process', async () => {
    const workflow = defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.null(),
      models: { main: ['text'] },
      run: async (ctx) => {
        void ctx.models.main.generate({ prompt: '1', key: 'not a key' })
        return null
      },
    })
    expect(await (await run(workflow as never, [])).result).toBe(null)
  })
})
