import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  defineAgent,
  defineHarness,
  defineTool,
  defineWorkflow,
  type Budget,
  type ModelAlias,
  type RunOptions,
} from '../src/index.ts'
import type { Model, ModelPart, Usage } from '../src/ports/index.ts'
import { collect, failureOf, only, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel } from './fixtures/scripted-model.ts'

/** Answers anything after 10 ms with so much usage; counts its calls and how many run at once. */
function meteredModel(
  clock: { timer(ms: number, fire: () => void): unknown },
  usage: Usage,
  inputTokens = 100,
) {
  const seen = { calls: 0, atOnce: 0, mostAtOnce: 0 }
  const base = scriptedModel([])
  const model: Model = {
    ...base,
    maxInputTokens: () => inputTokens,
    maxOutputTokens: 50,
    async *generate(): AsyncGenerator<ModelPart> {
      seen.calls++
      seen.mostAtOnce = Math.max(seen.mostAtOnce, ++seen.atOnce)
      await new Promise<void>((resolve) => clock.timer(10, resolve))
      seen.atOnce--
      yield { type: 'text-delta', text: 'ok' }
      yield { type: 'finish', reason: 'stop', usage }
    },
  }
  return { model, seen }
}

interface Given {
  readonly budget?: Budget
  readonly usage?: Usage
  readonly alias?: Omit<ModelAlias, 'model'>
  readonly defaults?: Budget
  readonly own?: Budget
}

/** An agent, and a workflow that asks it several times at once; each call may use 150 tokens. */
function setup({ usage = {}, alias = {}, defaults, own }: Given = {}) {
  const clock = manualPlatform()
  const shared = storeOn(clock)
  const { model, seen } = meteredModel(clock, usage)
  const agent = defineAgent({
    name: 'helper',
    model: 'main',
    instructions: 'Help.',
    ...(own !== undefined && { budget: own }),
  })
  const crowd = defineWorkflow({
    name: 'crowd',
    input: z.number(),
    output: z.unknown(),
    agents: { agent },
    models: { main: ['text'] },
    delegation: { maxChildAgentCalls: 100, maxParallelChildAgentCalls: 50 },
    run: async (ctx, count) => {
      const first = await ctx.models.main.generate({ prompt: 'first' })
      const rest = await ctx.fanOut('all', Array.from({ length: count }), (inner) => inner.agents.agent('go'))
      return [first.output, ...rest]
    },
  })
  const harnessOf = (process: string, store = mortalStore(shared)) =>
    defineHarness({
      name: 'test',
      models: { main: { model, ...alias } },
      agents: { agent },
      workflows: { crowd },
      platform: clock.process(process),
      store,
      ...(defaults !== undefined && { defaults: { budget: defaults } }),
    })
  const harness = harnessOf('process-1')
  const ask = async (options: RunOptions = {}) => {
    const session = await harness.getSession('s')
    return session.agents.agent.start('go', { durable: { runId: 'r' }, ...options })
  }
  const askMany = async (count: number, budget: Budget) => {
    const session = await harness.getSession('s')
    return session.workflows.crowd.start(count, { durable: { runId: 'r' }, budget })
  }
  return {
    clock,
    shared,
    seen,
    harness,
    harnessOf,
    ask,
    askMany,
    events: () => collect(harness.runs.events('r')),
  }
}

const prices = { inputUsdPerMTok: 2, outputUsdPerMTok: 10 }

describe('a budget', () => {
  it.each([
    [{ tokens: 0 }, 'budget.tokens'],
    [{ tokens: 1.5 }, 'budget.tokens'],
    [{ costUsd: -1 }, 'budget.costUsd'],
    [{ costUsd: Infinity }, 'budget.costUsd'],
    [{ modelCalls: 0 }, 'budget.modelCalls'],
    [{ wallMs: Number.NaN }, 'budget.wallMs'],
    [{ usd: 1 }, 'budget.usd'],
    [null, 'budget'],
  ])('%j is refused where it is given', async (budget, field) => {
    const { ask } = setup()
    const given = budget as Budget
    expect(await failureOf(ask({ budget: given }))).toMatchObject({
      code: 'validation/options',
      message: expect.stringContaining(field),
    })
    if (budget === null) return
    expect(thrownBy(() => setup({ own: given }))).toMatchObject({ code: 'config/definition' })
    expect(thrownBy(() => setup({ defaults: given }))).toMatchObject({ code: 'config/definition' })
  })

  it('of the call goes before the definition and the defaults, limit by limit [RUN-20]', async () => {
    const { ask, events, clock } = setup({
      own: { tokens: 2_000, modelCalls: 5 },
      defaults: { tokens: 1_000, modelCalls: 9, wallMs: 60_000 },
    })
    await clock.until((await ask({ budget: { tokens: 3_000 } })).result)
    expect((await events())[0]).toMatchObject({ budget: { tokens: 3_000, modelCalls: 5, wallMs: 60_000 } })
  })

  it('reserves the bound of a call before it is made, and counts the recorded usage after [BUD-1, BUD-2]', async () => {
    const { ask, harness, events, clock, seen } = setup({ usage: { inputTokens: 40, outputTokens: 7 } })
    const handle = await ask({ budget: { tokens: 1_000 } })
    await clock.settle()
    expect(seen.calls).toBe(1)
    expect((await harness.runs.summary('r')).budget).toEqual({
      limit: { tokens: 1_000 },
      spent: { tokens: 0, costUsd: 0, modelCalls: 0, wallMs: 0 },
      reserved: { tokens: 150, costUsd: 0, modelCalls: 1, wallMs: 0 },
      left: { tokens: 850 },
    })
    expect(await clock.until(handle.result)).toBe('ok')
    expect(await events()).toContainEqual(
      expect.objectContaining({
        type: 'budget.reserved',
        key: 'model-1',
        attempt: 1,
        calls: 1,
        tokens: 150,
        inputTokens: 100,
        outputTokens: 50,
      }),
    )
    expect((await harness.runs.summary('r')).budget).toMatchObject({
      spent: { tokens: 47, modelCalls: 1 },
      reserved: { tokens: 0 },
      left: { tokens: 953 },
    })
  })

  it('is made of nothing where there is none', async () => {
    const { ask, harness, events, clock } = setup()
    await clock.until((await ask()).result)
    expect((await events()).map(({ type }) => type)).not.toContain('budget.reserved')
    expect((await harness.runs.summary('r')).budget).toBeUndefined()
  })

  it('keeps the bound of a count that the provider did not give', async () => {
    const { ask, harness, clock } = setup({ usage: { outputTokens: 7 } })
    await clock.until((await ask({ budget: { tokens: 1_000 } })).result)
    expect((await harness.runs.summary('r')).budget?.spent).toMatchObject({ tokens: 107 })
  })

  it('counts money by the prices of the alias, cached input apart [BUD-7]', async () => {
    const { ask, harness, clock, events } = setup({
      usage: { inputTokens: 100, cachedInputTokens: 60, outputTokens: 10 },
      alias: { prices: { ...prices, cachedInputUsdPerMTok: 0.5 } },
    })
    await clock.until((await ask({ budget: { costUsd: 1 } })).result)
    expect((await events()).find(({ type }) => type === 'budget.reserved')).toMatchObject({
      // 100 * 2 + 50 * 10 millionths
      costUsd: 0.0007,
    })
    // 40 * 2 + 60 * 0.5 + 10 * 10 millionths
    expect((await harness.runs.summary('r')).budget?.spent.costUsd).toBe(0.00021)
  })

  it.each([
    [
      'maxOutputTokens',
      { tokens: 1_000 },
      { model: (model: Model): Model => ({ ...model, maxOutputTokens: undefined as never }) },
    ],
    ['prices', { costUsd: 1 }, {}],
  ])(
    'refuses a call whose maximum is not known for want of %s, before it is made [BUD-6]',
    async (missing, budget, { model }: { model?: (model: Model) => Model }) => {
      const clock = manualPlatform()
      const metered = meteredModel(clock, {})
      const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.' })
      const harness = defineHarness({
        name: 'test',
        models: { main: model === undefined ? metered.model : model(metered.model) },
        agents: { agent },
        platform: clock,
      })
      const session = await harness.getSession('s')
      expect(await failureOf(clock.until(session.agents.agent.run('go', { budget })))).toMatchObject({
        code: 'budget/unpriceable',
        meta: { key: 'model-1', model: 'main', missing },
      })
      expect(metered.seen.calls).toBe(0)
    },
  )

  it('takes settings.maxOutputTokens, and the bytes of a request whose model says nothing else', async () => {
    const clock = manualPlatform()
    const model = scriptedModel([says('ok')])
    const agent = defineAgent({
      name: 'helper',
      model: 'main',
      instructions: 'Help.',
      settings: { maxOutputTokens: 77 },
    })
    const harness = defineHarness({
      name: 'test',
      models: { main: model },
      agents: { agent },
      platform: clock,
    })
    const session = await harness.getSession('s')
    const handle = await session.agents.agent.start('gö', { budget: { tokens: 10_000 } })
    await clock.until(handle.result)
    const reserved = (await collect(handle.events())).find((event) => event.type === 'budget.reserved')
    expect(reserved).toMatchObject({
      outputTokens: 77,
      inputTokens: Buffer.byteLength(JSON.stringify(model.requests[0])),
    })
  })

  it('refuses files whose tokens nobody can bound', async () => {
    const { estimateGenerate } = await import('../src/models/estimate.ts')
    const { createModelRegistry } = await import('../src/models/registry.ts')
    const resolved = createModelRegistry({ main: scriptedModel([]) }).get('main')
    const file = { type: 'file', mediaType: 'image/png', data: 'https://example.com/large.png' } as const
    const estimate = estimateGenerate(resolved, { messages: [{ role: 'user', content: [file] }] })
    expect(estimate).toEqual({ model: 'main', calls: 1 })
  })
})

describe('a run that has used its budget up', () => {
  it('suspends, and goes on when it is extended [BUD-8, BUD-9]', async () => {
    const { ask, harness, clock, seen, events } = setup({ usage: { inputTokens: 10, outputTokens: 5 } })
    const handle = await ask({ budget: { tokens: 149 } })
    await clock.advance(100)
    expect(await harness.runs.get('r')).toMatchObject({
      state: 'suspended',
      suspendReason: 'budget/exhausted',
    })
    expect(seen.calls).toBe(0)
    await harness.runs.extend('r', { tokens: 1 }, { commandId: 'more' })
    await harness.runs.extend('r', { tokens: 1 }, { commandId: 'more' })
    expect(await clock.until(handle.result)).toBe('ok')
    expect((await events()).find((event) => event.type === 'run.suspended')).toMatchObject({
      reason: 'budget/exhausted',
      parked: [{ key: 'model-1', reason: 'budget/exhausted', needs: { tokens: 1 } }],
    })
    expect((await events()).filter(({ type }) => type === 'budget.extended')).toMatchObject([
      { commandId: 'more', tokens: 1 },
    ])
    expect((await harness.runs.summary('r')).budget).toMatchObject({
      limit: { tokens: 150 },
      spent: { tokens: 15 },
    })
  })

  it('suspends again when the extension is not enough', async () => {
    const { ask, harness, clock, seen } = setup()
    const handle = await ask({ budget: { tokens: 100 } })
    await clock.advance(100)
    await harness.runs.extend('r', { tokens: 20 })
    await clock.advance(100)
    expect(await harness.runs.get('r')).toMatchObject({ state: 'suspended', attempt: 2 })
    expect(seen.calls).toBe(0)
    await harness.runs.extend('r', { tokens: 30 })
    expect(await clock.until(handle.result)).toBe('ok')
  })

  it.each([
    ['modelCalls', { modelCalls: 1 }, { modelCalls: 1 }],
    ['costUsd', { costUsd: 0.001 }, { costUsd: 0.0004 }],
    ['wallMs', { wallMs: 10 }, { wallMs: 100 }],
  ])('stops at %s [BUD-1]', async (_name, budget, more) => {
    const { askMany, harness, clock, seen } = setup({ alias: { prices } })
    const handle = await askMany(1, budget)
    await clock.advance(200)
    expect(await harness.runs.get('r')).toMatchObject({ suspendReason: 'budget/exhausted' })
    expect(seen.calls).toBe(1)
    await harness.runs.extend('r', more)
    expect(await clock.until(handle.result)).toEqual(['ok', 'ok'])
  })

  it('has one budget with its children, which never get more together than is left [BUD-3]', async () => {
    const { askMany, harness, clock, seen } = setup({ usage: { inputTokens: 100, outputTokens: 50 } })
    const handle = await askMany(9, { tokens: 700 })
    await clock.advance(300)
    expect(seen.calls).toBe(4)
    expect(await harness.runs.get('r')).toMatchObject({ suspendReason: 'budget/exhausted' })
    expect((await harness.runs.summary('r')).budget).toMatchObject({
      spent: { tokens: 600 },
      left: { tokens: 100 },
    })
    await harness.runs.extend('r', { tokens: 800 })
    expect(await clock.until(handle.result)).toEqual(Array.from({ length: 10 }, () => 'ok'))
    expect(seen.calls).toBe(10)
  })

  it('gives what a call did not use to those that are parked', async () => {
    const { askMany, harness, clock, seen } = setup({ usage: { inputTokens: 10, outputTokens: 5 } })
    const handle = await askMany(5, { tokens: 320 })
    expect(await clock.until(handle.result)).toHaveLength(6)
    expect(seen).toMatchObject({ calls: 6, mostAtOnce: 2 })
    expect((await harness.runs.summary('r')).budget?.spent).toMatchObject({ tokens: 90 })
  })

  it('can be extended while it executes, and needs no rest for that', async () => {
    const { askMany, harness, clock, seen } = setup({ usage: { inputTokens: 100, outputTokens: 50 } })
    const handle = await askMany(2, { tokens: 300 })
    await clock.advance(30)
    expect(seen.calls).toBe(2)
    await harness.runs.extend('r', { tokens: 150 })
    expect(await clock.until(handle.result)).toHaveLength(3)
    expect((await harness.runs.get('r'))?.attempt).toBe(1)
  })

  it('goes on in a worker of another process that reads the command [BUD-9]', async () => {
    const { ask, harness, harnessOf, clock, seen } = setup()
    await ask({ budget: { modelCalls: 1, tokens: 100 } })
    await clock.advance(100)
    await harness.shutdown()
    const second = harnessOf('process-2')
    expect((await second.runs.recover()).resumed).toEqual([])
    await second.runs.extend('r', { tokens: 50 })
    const resumed = only((await second.runs.recover()).resumed)
    expect(await clock.until(resumed.result)).toBe('ok')
    expect(seen.calls).toBe(1)
  })

  it('can be cancelled', async () => {
    const { ask, harness, clock } = setup()
    const handle = await ask({ budget: { tokens: 100 } })
    await clock.advance(100)
    await harness.runs.cancel('r')
    expect(await failureOf(clock.until(handle.result))).toMatchObject({ code: 'run/cancelled' })
    expect(clock.timers).toEqual([])
  })

  it('does the same when it is not durable: the result stays pending until it is extended', async () => {
    const { harness, clock } = setup()
    const session = await harness.getSession('s')
    const handle = await session.agents.agent.start('go', { budget: { tokens: 100 } })
    await clock.advance(100)
    expect(await harness.runs.get(handle.id)).toMatchObject({ suspendReason: 'budget/exhausted' })
    await harness.runs.extend(handle.id, { tokens: 50 })
    expect(await clock.until(handle.result)).toBe('ok')
  })

  it('does not end before a call that nobody awaits has had its budget', async () => {
    const clock = manualPlatform()
    const { model, seen } = meteredModel(clock, {})
    const forgetful = defineWorkflow({
      name: 'forgetful',
      input: z.string(),
      output: z.string(),
      models: { main: ['text'] },
      run: async (ctx) => {
        void ctx.models.main.generate({ prompt: 'x' })
        return ctx.step('work', () => 'done')
      },
    })
    const harness = defineHarness({
      name: 'test',
      models: { main: model },
      workflows: { forgetful },
      platform: clock,
      store: storeOn(clock),
    })
    const session = await harness.getSession('s')
    const handle = await session.workflows.forgetful.start('go', { budget: { tokens: 100 } })
    await clock.advance(200)
    expect(await harness.runs.get(handle.id)).toMatchObject({ state: 'suspended' })
    await harness.runs.extend(handle.id, { tokens: 50 })
    expect(await clock.until(handle.result)).toBe('done')
    expect(seen.calls).toBe(1)
  })
})

describe('runs.extend', () => {
  it.each([
    [{}, 'runs.extend: more is not valid: name at least one limit'],
    [undefined, 'runs.extend: more is not valid: pass an object'],
    [{ tokens: 0 }, 'runs.extend: tokens is not valid'],
    [{ usd: 1 }, 'runs.extend: usd is not valid'],
    [{ timeoutMs: -1 }, 'runs.extend: timeoutMs is not valid'],
    [{ costUsd: 1 }, 'runs.extend: costUsd is not valid: the run "r" has no such limit'],
  ])('refuses %j', async (more, why) => {
    const { ask, harness, clock } = setup()
    await ask({ budget: { tokens: 100 } })
    await clock.advance(100)
    expect(await failureOf(harness.runs.extend('r', more as Budget))).toMatchObject({
      code: 'validation/options',
      message: expect.stringContaining(why),
    })
  })

  it('refuses a run that does not exist, and one that has ended', async () => {
    const { ask, harness, clock } = setup()
    expect(await failureOf(harness.runs.extend('r', { tokens: 1 }))).toMatchObject({ code: 'run/not-found' })
    await clock.until((await ask({ budget: { tokens: 1_000 } })).result)
    expect(await failureOf(harness.runs.extend('r', { tokens: 1 }))).toMatchObject({ code: 'run/ended' })
  })

  it('raises the time limit of a run, over restarts', async () => {
    const { harness, harnessOf, clock } = setup()
    const session = await harness.getSession('s')
    await session.agents.agent.start('go', {
      durable: { runId: 'r' },
      timeoutMs: 100,
      budget: { tokens: 100 },
    })
    await clock.advance(80)
    await harness.runs.extend('r', { timeoutMs: 1_000, tokens: 10 })
    await clock.advance(200)
    expect(await harness.runs.get('r')).toMatchObject({ state: 'suspended', attempt: 2 })
    await harness.shutdown()
    const second = harnessOf('process-2')
    await second.runs.extend('r', { tokens: 40 })
    const again = await second.runs.resume('r')
    expect(await clock.until(again.result)).toBe('ok')
    expect((await second.runs.summary('r')).activeMs).toBeGreaterThan(100)
  })
})

describe('a budget whose process dies', () => {
  it('counts the reservation of a call that did not come back as spent, and keeps what was used [BUD-4, BUD-5]', async () => {
    const { harnessOf, shared, clock, seen } = setup({ usage: { inputTokens: 100, outputTokens: 50 } })
    const store = mortalStore(shared, (batch) => {
      if (typesOf(batch).includes('model.finished') && seen.calls === 2) store.die()
    })
    const session = await harnessOf('process-1', store).getSession('s')
    await session.workflows.crowd.start(1, { durable: { runId: 'r' }, budget: { tokens: 449 } })
    await clock.advance(200)
    expect(seen.calls).toBe(2)
    clock.dead.add('process-1')
    const second = harnessOf('process-2')
    await second.runs.resume('r')
    await clock.advance(200)
    expect(await second.runs.get('r')).toMatchObject({ suspendReason: 'budget/exhausted' })
    expect((await second.runs.summary('r')).budget?.spent).toMatchObject({ tokens: 300, modelCalls: 2 })
    expect(seen.calls).toBe(2)
    await second.runs.extend('r', { tokens: 1 })
    await clock.advance(500)
    expect(await second.runs.get('r')).toMatchObject({ state: 'succeeded' })
    expect(seen.calls).toBe(3)
    expect((await second.runs.summary('r')).budget).toMatchObject({
      spent: { tokens: 450 },
      left: { tokens: 0 },
    })
  })

  it('spends nothing in a replay', async () => {
    const { harnessOf, shared, clock, events } = setup({ usage: { inputTokens: 100, outputTokens: 50 } })
    let died = false
    const store = mortalStore(shared, (batch) => {
      if (!died && typesOf(batch).includes('agent.finished')) {
        died = true
        store.die()
      }
    })
    const session = await harnessOf('process-1', store).getSession('s')
    await session.workflows.crowd.start(1, { durable: { runId: 'r' }, budget: { tokens: 300 } })
    await clock.advance(200)
    clock.dead.add('process-1')
    const second = harnessOf('process-2')
    expect(await clock.until((await second.runs.resume('r')).result)).toEqual(['ok', 'ok'])
    expect((await events()).filter(({ type }) => type === 'budget.reserved')).toHaveLength(2)
  })

  it('is kept by a fork', async () => {
    const { ask, harness, clock } = setup({ usage: { inputTokens: 100, outputTokens: 50 } })
    await clock.until((await ask({ budget: { tokens: 200 } })).result)
    const fork = await harness.runs.fork('r', { runId: 'f', at: 2 })
    await clock.advance(200)
    expect((await harness.runs.summary('f')).budget).toMatchObject({
      spent: { tokens: 150 },
      left: { tokens: 50 },
    })
    await harness.runs.extend('f', { tokens: 100 })
    expect(await clock.until(fork.result)).toBe('ok')
  })

  it('can be extended in a fork by a command id that the first run has used', async () => {
    const { ask, harness, clock } = setup({ usage: { inputTokens: 100, outputTokens: 50 } })
    const handle = await ask({ budget: { tokens: 100 } })
    await clock.advance(100)
    await harness.runs.extend('r', { tokens: 60 }, { commandId: 'raise' })
    await clock.until(handle.result)
    const types = (await collect(harness.runs.events('r'))).map(({ type }) => type)
    const fork = await harness.runs.fork('r', { runId: 'f', at: types.indexOf('budget.reserved') + 1 })
    await clock.advance(200)
    expect(await harness.runs.get('f')).toMatchObject({ suspendReason: 'budget/exhausted' })
    await harness.runs.extend('f', { tokens: 200 }, { commandId: 'raise' })
    expect(await clock.until(fork.result)).toBe('ok')
  })

  it('counts a failed attempt that is tried again as spent in full', async () => {
    const clock = manualPlatform()
    const { PortError } = await import('../src/ports/index.ts')
    const busy = new PortError({ code: 'model/server', message: 'no', retryable: true })
    const scripted = scriptedModel([busy, calls(['c', 'act', {}]), says('ok')])
    const model: Model = { ...scripted, maxInputTokens: () => 100, maxOutputTokens: 50 }
    const act = defineTool({ name: 'act', description: 'Acts.', input: z.object({}), execute: () => 1 })
    const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [act] })
    const harness = defineHarness({
      name: 'test',
      models: { main: model },
      agents: { agent },
      platform: clock,
    })
    const session = await harness.getSession('s')
    const handle = await session.agents.agent.start('go', { budget: { tokens: 1_000 } })
    await clock.until(handle.result)
    expect((await harness.runs.summary(handle.id)).budget?.spent).toMatchObject({
      tokens: 150 + 15 + 15,
      modelCalls: 3,
    })
  })
})

describe('a budget and calls of every kind', () => {
  const usage = { inputTokens: 7 }
  const vectors: Model = {
    ...scriptedModel([], ['embeddings', 'rerank']),
    maxEmbedValues: 2,
    embed: async ({ values }) => ({ embeddings: values.map(() => [1]), usage }),
    rerank: async () => ({ ranking: [{ index: 0, score: 1 }], usage: {} }),
  }
  const search = defineWorkflow({
    name: 'search',
    input: z.enum(['embed', 'rerank']),
    output: z.unknown(),
    models: { vectors: ['embeddings', 'rerank'] },
    run: (ctx, kind) =>
      kind === 'embed'
        ? ctx.models.vectors.embed({ values: ['a', 'b', 'c'] })
        : ctx.models.vectors.rerank({ query: 'q', documents: ['a', 'b'] }),
  })

  async function reservedBy(kind: 'embed' | 'rerank', budget: Budget) {
    const clock = manualPlatform()
    const harness = defineHarness({
      name: 'test',
      models: { vectors: { model: vectors, prices } },
      workflows: { search },
      platform: clock,
    })
    const session = await harness.getSession('s')
    const handle = await session.workflows.search.start(kind, { budget })
    await clock.until(handle.result)
    const events = await collect(handle.events())
    const { budget: report } = await harness.runs.summary(handle.id)
    return { reserved: events.filter((event) => event.type === 'budget.reserved'), spent: report?.spent }
  }

  it('reserves every request of a long list to embed', async () => {
    const { reserved, spent } = await reservedBy('embed', { modelCalls: 2, tokens: 100 })
    expect(reserved).toMatchObject([{ calls: 2, inputTokens: 13, outputTokens: 0 }])
    expect(spent).toMatchObject({ tokens: 14, modelCalls: 2, costUsd: 0.000028 })
  })

  it('takes the query of a ranking once for each document, and keeps that bound without a count', async () => {
    const { reserved, spent } = await reservedBy('rerank', { costUsd: 1 })
    expect(reserved).toMatchObject([{ calls: 1, inputTokens: 9 + 2 * 3 }])
    expect(spent).toMatchObject({ tokens: 15, costUsd: 0.00003 })
  })

  it('reserves at the prices of the alias that is asked, fallbacks included', async () => {
    const clock = manualPlatform()
    const { PortError } = await import('../src/ports/index.ts')
    const busy = new PortError({ code: 'model/server', message: 'no', retryable: true })
    const bounds = { maxInputTokens: () => 100, maxOutputTokens: 50 }
    const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.' })
    const harness = defineHarness({
      name: 'test',
      models: {
        main: { model: { ...scriptedModel([busy]), ...bounds }, retry: false, fallback: ['other'], prices },
        other: {
          model: { ...scriptedModel([says('ok')]), ...bounds },
          prices: { inputUsdPerMTok: 4, outputUsdPerMTok: 20 },
        },
      },
      agents: { agent },
      platform: clock,
    })
    const session = await harness.getSession('s')
    const handle = await session.agents.agent.start('go', { budget: { costUsd: 1 } })
    await clock.until(handle.result)
    const events = await collect(handle.events())
    expect(events.filter((event) => event.type === 'budget.reserved')).toMatchObject([
      { attempt: 1, costUsd: 0.0007 },
      { attempt: 2, costUsd: 0.0014 },
    ])
    // The first in full, and 10 * 4 + 5 * 20 millionths.
    expect((await harness.runs.summary(handle.id)).budget?.spent.costUsd).toBe(0.00084)
  })
})
