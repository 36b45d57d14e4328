import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  defineAgent,
  defineHarness,
  defineTool,
  defineWorkflow,
  type DelegationPolicy,
  type WorkflowContext,
} from '../src/index.ts'
import { collect, failureOf, gate, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel, silence, type Turn } from './fixtures/scripted-model.ts'

const writer = defineAgent({ name: 'writer', model: 'main', instructions: 'Write.' })
const critic = defineAgent({ name: 'critic', model: 'main', instructions: 'Judge.' })
type Context = WorkflowContext<{ writer: typeof writer; critic: typeof critic }>
type Body = (context: Context) => Promise<unknown>

const workflowOf = (body: Body, delegation?: DelegationPolicy) =>
  defineWorkflow({
    name: 'w',
    input: z.null(),
    output: z.unknown(),
    agents: { writer, critic },
    run: async (context) => ((await body(context as Context)) ?? null) as never,
    ...(delegation !== undefined && { delegation }),
  })

async function setup(
  script: readonly Turn[],
  body: Body,
  policy: { own?: DelegationPolicy; defaults?: DelegationPolicy } = {},
) {
  const clock = manualPlatform()
  const model = scriptedModel(script)
  const harness = defineHarness({
    name: 'test',
    models: { main: model, other: model },
    workflows: { w: workflowOf(body, policy.own) },
    platform: clock,
    store: storeOn(clock),
    ...(policy.defaults !== undefined && { defaults: { delegation: policy.defaults } }),
  })
  const session = await harness.getSession('s')
  const run = (options = {}) =>
    clock.until(session.workflows.w.run(null, { durable: { runId: 'r' }, timeoutMs: 0, ...options }))
  return { clock, model, harness, session, run }
}

/** What each of several calls was refused with. */
const outcomes = async (promises: readonly Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(promises)).map((end) =>
    end.status === 'fulfilled' ? end.value : { code: end.reason.code, ...end.reason.meta },
  )

describe('a child call is refused', () => {
  const refusal = async (body: Body, own?: DelegationPolicy, defaults?: DelegationPolicy) => {
    const { run, model } = await setup([], body, { ...(own && { own }), ...(defaults && { defaults }) })
    const error = await failureOf(run())
    expect(model.requests).toEqual([])
    return { code: error.code, ...error.meta }
  }
  const refused = { code: 'delegation/refused', agent: 'writer' }

  test('when delegation is disabled [DEL-4]', async () => {
    expect(await refusal((ctx) => ctx.agents.writer('x'), { enabled: false })).toEqual({
      ...refused,
      reason: 'delegation_disabled',
      limit: null,
    })
  })

  test('when the defaults disable it and the workflow has no policy [DEL-5]', async () => {
    expect(await refusal((ctx) => ctx.agents.writer('x'), undefined, { enabled: false })).toMatchObject({
      reason: 'delegation_disabled',
    })
  })

  test('not when a workflow with a policy of its own is run under defaults that disable it [DEL-5]', async () => {
    const { run } = await setup([says('ok')], (ctx) => ctx.agents.writer('x'), {
      own: { maxDepth: 1 },
      defaults: { enabled: false },
    })
    expect(await run()).toBe('ok')
  })

  test('when the agent is not on the list [DEL-6, DEL-17]', async () => {
    expect(await refusal((ctx) => ctx.agents.writer('x'), { agents: ['critic'] })).toEqual({
      ...refused,
      reason: 'agent_not_allowed',
      limit: ['critic'],
    })
  })

  test('when children are forbidden by depth [DEL-9, DEL-17]', async () => {
    expect(await refusal((ctx) => ctx.agents.writer('x'), { maxDepth: 0 })).toEqual({
      ...refused,
      reason: 'max_delegation_depth_exceeded',
      limit: 0,
    })
  })

  test('when the run has made all its calls [DEL-7]', async () => {
    const { run } = await setup(
      [says('1')],
      async (ctx) => {
        await ctx.agents.writer('x')
        return ctx.agents.writer('y')
      },
      { own: { maxChildAgentCalls: 1 } },
    )
    expect(await failureOf(run())).toMatchObject({
      meta: { reason: 'max_child_agent_calls_exceeded', limit: 1 },
    })
  })

  test('32 calls are the default [DEL-3, DEL-7]', async () => {
    const { run } = await setup(
      Array.from({ length: 32 }, () => says('x')),
      async (ctx) => {
        for (let index = 0; ; index++) await ctx.agents.writer(`${index}`)
      },
    )
    expect(await failureOf(run())).toMatchObject({
      meta: { reason: 'max_child_agent_calls_exceeded', limit: 32 },
    })
  })

  test('when too many are in flight, 8 by default [DEL-8, DEL-17]', async () => {
    const call = (ctx: Context, index: number) => ctx.agents.writer('x', { key: `k${index}` })
    const { run } = await setup(
      Array.from({ length: 8 }, () => says('x')),
      (ctx) => outcomes(Array.from({ length: 9 }, (_, index) => call(ctx, index))),
    )
    expect(await run()).toEqual([
      ...Array.from({ length: 8 }, () => 'x'),
      { ...refused, reason: 'max_parallel_child_agent_calls_exceeded', limit: 8 },
    ])
  })

  test('when its alias is not allowed; the list of the agent goes before the common one [DEL-11]', async () => {
    const body: Body = (ctx) => ctx.agents.writer('x', { model: 'other' })
    expect(await refusal(body, { modelAliases: ['main'] })).toEqual({
      ...refused,
      reason: 'model_alias_not_allowed',
      limit: ['main'],
    })
    expect(
      await refusal(body, { modelAliases: ['other'], agentModelAliases: { writer: ['main'] } }),
    ).toMatchObject({ reason: 'model_alias_not_allowed' })
    const { run } = await setup([says('ok')], body, {
      own: { modelAliases: ['main'], agentModelAliases: { writer: ['other'] } },
    })
    expect(await run()).toBe('ok')
  })

  test('when its options are not valid', async () => {
    for (const options of [
      { timeoutMs: -1 },
      { historyWindow: -1 },
      { key: 'a b' },
      { history: 'all' },
      { signal: 1 },
    ]) {
      expect(await refusal((ctx) => ctx.agents.writer('x', options as never))).toMatchObject({
        code: 'validation/options',
      })
    }
  })

  test('when it asks to be durable by itself [DEL-18]', async () => {
    expect(await refusal((ctx) => ctx.agents.writer('x', { durable: { runId: 'c' } } as never))).toEqual({
      code: 'validation/options',
      field: 'durable',
    })
  })

  test('when its alias does not exist [DEL-18]', async () => {
    expect(await refusal((ctx) => ctx.agents.writer('x', { model: 'nobody' }))).toMatchObject({
      code: 'model/unknown-alias',
    })
  })

  test('when its signal was aborted [RUN-29]', async () => {
    expect(await refusal((ctx) => ctx.agents.writer('x', { signal: AbortSignal.abort() }))).toEqual({
      code: 'operation/cancelled',
      scope: 'call',
    })
  })

  test('in a fixed order: signal, options, alias, policy [DEL-15]', async () => {
    const all = { signal: AbortSignal.abort(), timeoutMs: -1, model: 'nobody' }
    const { signal: _signal, ...withoutSignal } = all
    const { timeoutMs: _timeout, ...aliasAlone } = withoutSignal
    const own: DelegationPolicy = {
      enabled: false,
      agents: [],
      maxDepth: 0,
      maxChildAgentCalls: 0,
      modelAliases: [],
    }
    expect(await refusal((ctx) => ctx.agents.writer('x', all), own)).toMatchObject({
      code: 'operation/cancelled',
    })
    expect(await refusal((ctx) => ctx.agents.writer('x', withoutSignal), own)).toMatchObject({
      code: 'validation/options',
    })
    expect(await refusal((ctx) => ctx.agents.writer('x', aliasAlone), own)).toMatchObject({
      code: 'model/unknown-alias',
    })
    const other: Body = (ctx) => ctx.agents.writer('x', { model: 'other' })
    const { enabled: _enabled, ...second } = own
    const { agents: _agents, ...third } = second
    const { maxDepth: _depth, ...fourth } = third
    const { maxChildAgentCalls: _calls, ...last } = fourth
    expect(await refusal(other, own)).toMatchObject({ reason: 'delegation_disabled' })
    expect(await refusal(other, second)).toMatchObject({ reason: 'agent_not_allowed' })
    expect(await refusal(other, third)).toMatchObject({ reason: 'max_delegation_depth_exceeded' })
    expect(await refusal(other, fourth)).toMatchObject({ reason: 'max_child_agent_calls_exceeded' })
    expect(await refusal(other, last)).toMatchObject({ reason: 'model_alias_not_allowed' })
  })

  test('without taking a slot [DEL-19]', async () => {
    const { run } = await setup(
      [says('ok')],
      async (ctx) => {
        await outcomes([
          ctx.agents.writer('x', { timeoutMs: -1 }),
          ctx.agents.writer('x', { signal: AbortSignal.abort() }),
        ])
        return ctx.agents.writer('y')
      },
      { own: { maxChildAgentCalls: 1, maxParallelChildAgentCalls: 1 } },
    )
    expect(await run()).toBe('ok')
  })
})

describe('a delegation policy is refused when the harness is made', () => {
  const define = (own?: DelegationPolicy, defaults?: DelegationPolicy) => () =>
    defineHarness({
      name: 'test',
      models: { main: scriptedModel([]) },
      workflows: { w: workflowOf(async () => null, own) },
      ...(defaults !== undefined && { defaults: { delegation: defaults } }),
    })
  test.each<[string, DelegationPolicy]>([
    ['an unknown agent', { agents: ['nobody'] }],
    ['an unknown agent with aliases', { agentModelAliases: { nobody: ['main'] } }],
    ['an unknown alias', { modelAliases: ['nothing'] }],
    ['an unknown alias of an agent', { agentModelAliases: { writer: ['nothing'] } }],
    ['a limit that is not a whole number', { maxChildAgentCalls: 1.5 }],
    ['a negative depth', { maxDepth: -1 }],
    ['no parallel calls', { maxParallelChildAgentCalls: 0 }],
    ['an `enabled` that is no boolean', { enabled: 'no' as never }],
  ])('for %s, in the workflow and in the defaults [DEL-12, DEL-13]', (_title, policy) => {
    expect(thrownBy(define(policy)).code).toBe('config/definition')
    expect(thrownBy(define(undefined, policy)).code).toBe('config/definition')
  })
  test('and taken when every name exists', () => {
    expect(
      define({ agents: ['writer'], modelAliases: ['main'], agentModelAliases: { critic: ['main'] } }),
    ).not.toThrow()
  })
})

describe('counts over a restart', () => {
  test('calls of earlier attempts count, and replayed ones take no slot twice [DEL-28]', async () => {
    const clock = manualPlatform()
    const shared = storeOn(clock)
    const body: Body = async (ctx) => {
      await ctx.agents.writer('1')
      await ctx.agents.writer('2')
      return ctx.agents.writer('3')
    }
    const harnessOf = (owner: string, store: typeof shared, script: readonly Turn[]) =>
      defineHarness({
        name: 'test',
        models: { main: scriptedModel(script) },
        workflows: { w: workflowOf(body, { maxChildAgentCalls: 2, maxParallelChildAgentCalls: 1 }) },
        platform: clock.process(owner),
        store,
      })
    let ends = 0
    const store = mortalStore(shared, (batch) => {
      if (typesOf(batch).includes('agent.finished') && ++ends === 2) store.die()
    })
    const first = await harnessOf('process-1', store, [says('a'), says('b')]).getSession('s')
    void first.workflows.w.run(null, { durable: { runId: 'r' } }).catch(() => undefined)
    await clock.settle()
    clock.dead.add('process-1')
    const second = await harnessOf('process-2', shared, []).getSession('s')
    const error = await failureOf(clock.until(second.workflows.w.run(null, { durable: { runId: 'r' } })))
    expect(error).toMatchObject({
      code: 'delegation/refused',
      meta: { reason: 'max_child_agent_calls_exceeded' },
    })
  })
})

describe('a child', () => {
  test('sees the metadata of its call over that of the run, frozen, and the run keeps its own [DEL-27]', async () => {
    const seen: unknown[] = []
    const look = defineTool({
      name: 'look',
      description: 'Looks.',
      input: z.object({}),
      execute: (_input, { metadata }) => void seen.push(metadata, Object.isFrozen(metadata)),
    })
    const spy = defineAgent({ name: 'spy', model: 'main', instructions: 'Look.', tools: [look] })
    const w = defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.string(),
      agents: { spy },
      run: async (ctx) => {
        const text = await ctx.agents.spy('x', { metadata: { b: 2 } })
        seen.push(ctx.metadata)
        return text
      },
    })
    const model = scriptedModel([calls(['c', 'look', {}]), says('ok')])
    const harness = defineHarness({ name: 'test', models: { main: model }, workflows: { w } })
    const session = await harness.getSession('s')
    await session.workflows.w.run(null, { metadata: { a: 1, b: 1 } })
    expect(seen).toEqual([{ a: 1, b: 2 }, true, { a: 1, b: 1 }])
  })

  test('that takes longer than its call allows fails with operation/timeout [RUN-28, DEL-24]', async () => {
    const { run, clock } = await setup([silence], (ctx) => ctx.agents.writer('x', { timeoutMs: 1_000 }))
    expect(await failureOf(run())).toMatchObject({
      code: 'operation/timeout',
      meta: { scope: 'call', timeoutMs: 1_000 },
    })
    expect(clock.monotonic()).toBeLessThan(3_000)
  })

  test('whose signal aborts fails with operation/cancelled, and the workflow goes on [RUN-29, DEL-24]', async () => {
    const controller = new AbortController()
    const { run, clock } = await setup([silence, says('plan b')], async (ctx) => {
      await ctx.agents
        .writer('x', { signal: controller.signal })
        .catch((error) => expect(error.code).toBe('operation/cancelled'))
      return ctx.agents.critic('y')
    })
    const result = run()
    await clock.settle()
    controller.abort()
    expect(await result).toBe('plan b')
  })

  test('that runs in the background is awaited before the end [DEL-20, DEL-22]', async () => {
    const held = gate()
    const { session, harness, clock } = await setup(
      [async () => (await held.opened, says('late'))],
      async (ctx) => {
        void ctx.agents.writer('x', { key: 'background' })
        return 'early'
      },
    )
    const result = session.workflows.w.run(null, { durable: { runId: 'r' } })
    await clock.settle()
    expect((await harness.runs.get('r'))?.state).toBe('running')
    held.open()
    expect(await clock.until(result)).toBe('early')
    const types = (await collect(harness.runs.events('r'))).map((event) => event.type)
    expect(types.slice(-2)).toEqual(['agent.finished', 'run.finished'])
  })

  test('is cancelled and awaited when its workflow throws [EVT-18, DEL-21, DEL-22]', async () => {
    const seen: string[] = []
    const held = gate()
    const started = gate()
    const slow = defineTool({
      name: 'slow',
      description: 'Takes its time to stop.',
      input: z.object({}),
      execute: async (_input, { signal }) => {
        signal.addEventListener('abort', () => seen.push('aborted'))
        started.open()
        await held.opened
        seen.push('settled')
      },
    })
    const worker = defineAgent({ name: 'worker', model: 'main', instructions: 'Work.', tools: [slow] })
    const w = defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.null(),
      agents: { worker },
      run: async (ctx) => {
        void ctx.agents.worker('x')
        await started.opened
        throw new Error('I give up')
      },
    })
    const clock = manualPlatform()
    const model = scriptedModel([calls(['c', 'slow', {}])])
    const harness = defineHarness({
      name: 'test',
      models: { main: model },
      workflows: { w },
      platform: clock,
      store: storeOn(clock),
    })
    const session = await harness.getSession('s')
    const result = session.workflows.w.run(null, { durable: { runId: 'r' }, timeoutMs: 0 })
    result.catch(() => seen.push('the run has ended'))
    await clock.settle()
    expect([seen, (await harness.runs.get('r'))?.state]).toEqual([['aborted'], 'running'])
    held.open()
    await expect(clock.until(result)).rejects.toThrow('I give up')
    expect(seen).toEqual(['aborted', 'settled', 'the run has ended'])
    const events = await collect(harness.runs.events('r'))
    expect(events.at(-1)?.type).toBe('run.finished')
    expect(clock.timers).toEqual([])
  })

  test('of a fan-out runs with at most the parallel limit [DEL-34]', async () => {
    let running = 0
    let most = 0
    const turn: Turn = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return says('x')
    }
    const { run } = await setup(
      Array.from({ length: 6 }, () => turn),
      (ctx) =>
        ctx.fanOut('all', [1, 2, 3, 4, 5, 6], (inner, item) => inner.agents.writer(`${item}`), {
          concurrency: 5,
        }),
      { own: { maxParallelChildAgentCalls: 2 } },
    )
    expect(await run()).toHaveLength(6)
    expect(most).toBe(2)
  })
})
