import fc from 'fast-check'
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
import { createModelRegistry } from '../src/models/registry.ts'
import type { EngineContext } from '../src/run/definition.ts'
import { delegate } from '../src/workflow/delegate.ts'
import { collect, failureOf, gate, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel, silence, type Turn } from './fixtures/scripted-model.ts'

const helper = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.' })
type Context = WorkflowContext<{ helper: typeof helper }>

function setup(
  script: readonly Turn[],
  body: (context: Context) => unknown,
  over: { own?: DelegationPolicy; defaults?: DelegationPolicy; agent?: typeof helper } = {},
) {
  const clock = manualPlatform()
  const model = scriptedModel(script)
  const other = scriptedModel(script)
  const harnessOf = (store = storeOn(clock), platform = clock.process('process-1')) =>
    defineHarness({
      name: 'test',
      models: { main: model, other },
      workflows: {
        w: defineWorkflow({
          name: 'w',
          input: z.null(),
          output: z.unknown(),
          agents: { helper: over.agent ?? helper },
          run: async (context) => ((await body(context as never)) ?? null) as never,
          ...(over.own !== undefined && { delegation: over.own }),
        }),
      },
      platform,
      store,
      ...(over.defaults !== undefined && { defaults: { delegation: over.defaults } }),
    })
  const harness = harnessOf()
  const run = async (options = {}) => {
    const session = await harness.getSession('s')
    return clock.until(session.workflows.w.run(null, { timeoutMs: 0, ...options }))
  }
  return { clock, model, other, harness, harnessOf, run }
}

describe('the checks of a child call', () => {
  /** Everything that can be wrong with a call, in the order in which it is looked at. */
  const faults = [
    'run',
    'signal',
    'options',
    'alias',
    'delegation_disabled',
    'agent_not_allowed',
    'max_delegation_depth_exceeded',
    'max_child_agent_calls_exceeded',
    'max_parallel_child_agent_calls_exceeded',
    'model_alias_not_allowed',
  ] as const
  type Fault = (typeof faults)[number]

  const callWith = (present: ReadonlySet<Fault>) => {
    const has = (fault: Fault): boolean => present.has(fault)
    const model = has('alias') ? 'nobody' : has('model_alias_not_allowed') ? 'other' : 'main'
    const context = {
      signal: has('run') ? AbortSignal.abort() : new AbortController().signal,
      depth: has('max_delegation_depth_exceeded') ? 1 : 0,
      metadata: {},
      options: {},
      children: () => ({
        total: has('max_child_agent_calls_exceeded') ? 32 : 0,
        inFlight: has('max_parallel_child_agent_calls_exceeded') ? 8 : 0,
      }),
    } as unknown as EngineContext
    return () =>
      delegate({
        context,
        name: 'helper',
        workflow: 'w',
        agent: helper,
        program: async () => null,
        input: 'x',
        options: {
          model,
          ...(has('signal') && { signal: AbortSignal.abort() }),
          ...(has('options') && { timeoutMs: -1 }),
        },
        policy: {
          modelAliases: ['main'],
          ...(has('delegation_disabled') && { enabled: false }),
          ...(has('agent_not_allowed') && { agents: [] }),
        },
        models: createModelRegistry({ main: scriptedModel([]), other: scriptedModel([]) }),
        insideFanOut: false,
      })
  }

  test('come in one order, whatever else is wrong [DEL-14, DEL-15, DEL-16, DEL-17]', () => {
    const limits: Partial<Record<Fault, unknown>> = {
      delegation_disabled: null,
      agent_not_allowed: [],
      max_delegation_depth_exceeded: 1,
      max_child_agent_calls_exceeded: 32,
      max_parallel_child_agent_calls_exceeded: 8,
      model_alias_not_allowed: ['main'],
    }
    const codes: Partial<Record<Fault, object>> = {
      run: { code: 'operation/cancelled', meta: { scope: 'run' } },
      signal: { code: 'operation/cancelled', meta: { scope: 'call' } },
      options: { code: 'validation/options', meta: { field: 'timeoutMs' } },
      alias: { code: 'model/unknown-alias' },
    }
    expect(callWith(new Set())()).toMatchObject({ name: 'helper', input: 'x' })
    // Every set of faults: the first one of the order is what the caller learns.
    for (let bits = 1; bits < 2 ** faults.length; bits++) {
      const present = new Set(faults.filter((_fault, index) => (bits >> index) % 2 === 1))
      const first = faults.find((fault) => present.has(fault)) as Fault
      // An alias that does not exist leaves no other one to be refused.
      const expected = codes[first] ?? {
        code: 'delegation/refused',
        meta: { agent: 'helper', reason: first, limit: limits[first] },
      }
      expect(thrownBy(callWith(present)), [...present].join()).toMatchObject(expected)
    }
  })

  test('maxDepth is 1 by default [DEL-10]', () => {
    expect(thrownBy(callWith(new Set(['max_delegation_depth_exceeded'])))).toMatchObject({
      meta: { reason: 'max_delegation_depth_exceeded', limit: 1 },
    })
  })
})

describe('a slot', () => {
  /** What may become of a call. Each takes the only slot, if it takes one at all, and must give it back. */
  const ways = {
    succeeds: { turn: says('ok'), counts: true },
    fails: { turn: new Error('bad luck'), counts: true },
    'times out': { turn: silence, counts: true, options: { timeoutMs: 5 } },
    'is aborted': { turn: silence, counts: true, abortAfter: 5 },
    'has an invalid option': { counts: false, options: { historyWindow: -1 } },
    'asks to be durable': { counts: false, options: { durable: { runId: 'x' } } },
    'has an aborted signal': { counts: false, signal: () => AbortSignal.abort() },
    'has an unknown alias': { counts: false, options: { model: 'nobody' } },
    'has an alias that is not allowed': { counts: false, options: { model: 'other' } },
    'has an invalid key': { counts: false, options: { key: 'a b' } },
    'has a signal that cannot be listened to': {
      counts: false,
      signal: () => {
        const { signal } = new AbortController()
        return Object.defineProperty(signal, 'addEventListener', {
          value: () => {
            throw new Error('deaf')
          },
        })
      },
    },
    'has an input that cannot be stored': { counts: false, input: Number.NaN },
    'has metadata that cannot be stored': { counts: false, options: { metadata: Number.NaN } },
  } as const satisfies Record<string, object>
  type Way = keyof typeof ways

  interface AnyWay {
    readonly turn?: Turn
    readonly counts: boolean
    readonly options?: object
    readonly abortAfter?: number
    readonly signal?: () => AbortSignal
    readonly input?: unknown
  }

  const sequence = async (list: readonly Way[], maxCalls: number): Promise<string[]> => {
    const all = list.map((way): AnyWay => ways[way])
    const script = all.flatMap(({ turn }) => (turn === undefined ? [] : [turn]))
    const { run, clock } = setup(
      script,
      async (ctx) => {
        const ends: string[] = []
        for (const [index, { options = {}, abortAfter, signal, input = 'x' }] of all.entries()) {
          const controller = new AbortController()
          if (abortAfter !== undefined) clock.timer(abortAfter, () => controller.abort())
          const given = signal?.() ?? (abortAfter === undefined ? undefined : controller.signal)
          const call = ctx.agents.helper(input as string, {
            key: `k${index}`,
            ...options,
            ...(given !== undefined && { signal: given }),
          })
          ends.push(await call.catch((error) => String(error.meta?.reason ?? error.code ?? error.message)))
        }
        return ends
      },
      {
        own: { maxParallelChildAgentCalls: 1, maxChildAgentCalls: maxCalls, modelAliases: ['main'] },
      },
    )
    return (await run()) as string[]
  }

  test('is given back on every path, and refused calls spend nothing [DEL-18, DEL-19]', async () => {
    const seed = Number(process.env['BELAY_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    console.log(`slots: seed ${seed}`)
    const way = fc.constantFrom(...(Object.keys(ways) as Way[]))
    await fc.assert(
      fc.asyncProperty(fc.array(way, { minLength: 1, maxLength: 8 }), async (list) => {
        const spent = list.filter((each) => ways[each].counts).length
        // One call more than is spent: a slot or a call that leaks refuses it.
        const ends = await sequence([...list, 'succeeds'], spent + 1)
        expect(ends.at(-1), list.join()).toBe('ok')
        expect(ends).not.toContain('max_child_agent_calls_exceeded')
        expect(ends).not.toContain('max_parallel_child_agent_calls_exceeded')
      }),
      { seed, numRuns: 60 },
    )
  })

  test.each(Object.keys(ways) as Way[])(
    'after a call that %s is free, and the count is right [DEL-19]',
    async (way) => {
      const spent = Number(ways[way].counts)
      expect((await sequence([way, 'succeeds'], spent + 1)).at(-1)).toBe('ok')
      if (spent === 1) {
        expect((await sequence([way, 'succeeds'], 1)).at(-1)).toBe('max_child_agent_calls_exceeded')
      }
    },
  )
})

describe('a policy', () => {
  test('gives each limit, and the harness those that it leaves open [DEL-2]', async () => {
    const over = {
      own: { maxChildAgentCalls: 2 },
      defaults: { maxChildAgentCalls: 1, maxParallelChildAgentCalls: 1 },
    }
    const { run } = setup(
      [says('a')],
      async (ctx) => {
        const first = ctx.agents.helper('x', { key: 'a' })
        const second = await ctx.agents.helper('x', { key: 'b' }).catch((error) => error.meta)
        await first
        return second
      },
      over,
    )
    expect(await run()).toMatchObject({ reason: 'max_parallel_child_agent_calls_exceeded', limit: 1 })
    const calling = setup(
      [says('a'), says('b')],
      async (ctx) => {
        await ctx.agents.helper('x')
        await ctx.agents.helper('x')
        return ctx.agents.helper('x').catch((error) => error.meta)
      },
      over,
    )
    expect(await calling.run()).toMatchObject({ reason: 'max_child_agent_calls_exceeded', limit: 2 })
  })
})

describe('a call', () => {
  test('finds on ctx.agents what the workflow declares and nothing else [DEL-1]', async () => {
    const { run } = setup([], (ctx) => [
      Object.keys(ctx.agents),
      typeof (ctx.agents as Record<string, unknown>)['constructor'],
    ])
    expect(await run()).toEqual([['helper'], 'undefined'])
  })

  test('may choose another alias [DEL-23]', async () => {
    const { run, model, other } = setup([says('ok')], (ctx) => ctx.agents.helper('x', { model: 'other' }))
    expect(await run()).toBe('ok')
    expect([model.requests.length, other.requests.length]).toEqual([0, 1])
  })

  test('can only shorten the limit of its agent [DEL-25]', async () => {
    const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', timeoutMs: 50 })
    for (const [timeoutMs, limit] of [
      [1_000, 50],
      [20, 20],
      [0, 50],
    ] as const) {
      const { run } = setup([silence], (ctx) => ctx.agents.helper('x', { timeoutMs }), { agent })
      expect(await failureOf(run())).toMatchObject({
        code: 'operation/timeout',
        meta: { scope: 'call', timeoutMs: limit },
      })
    }
  })

  test('has its own window before that of the run, and that before the default [DEL-26]', async () => {
    const seen = async (call: number | undefined, ofRun: number | undefined): Promise<number> => {
      const clock = manualPlatform()
      const model = scriptedModel([says('ok')])
      const w = defineWorkflow({
        name: 'w',
        input: z.null(),
        output: z.string(),
        agents: { helper },
        run: (ctx) => ctx.agents.helper('now', call === undefined ? {} : { historyWindow: call }),
      })
      const harness = defineHarness({
        name: 'test',
        models: { main: model },
        workflows: { w },
        platform: clock,
        store: storeOn(clock),
        defaults: { historyWindow: 3 },
      })
      const session = await harness.getSession('s')
      await session.history.replace(
        [1, 2, 3, 4, 5].map((n) => ({ role: 'user', content: [{ type: 'text', text: `${n}` }] })),
      )
      await clock.until(session.workflows.w.run(null, ofRun === undefined ? {} : { historyWindow: ofRun }))
      // Without the system message and the prompt.
      return (model.requests[0]?.messages.length ?? 0) - 2
    }
    expect(await seen(1, 2)).toBe(1)
    expect(await seen(undefined, 2)).toBe(2)
    expect(await seen(undefined, undefined)).toBe(3)
  })

  test('that is replayed takes no slot [DEL-28, DEL-29]', async () => {
    const body = async (ctx: Context): Promise<string> => {
      await ctx.agents.helper('1')
      const text = await ctx.agents.helper('2')
      await ctx.step('last', () => 1)
      return text
    }
    const { clock, harnessOf } = setup([says('a'), says('b')], body, {
      own: { maxChildAgentCalls: 2, maxParallelChildAgentCalls: 1 },
    })
    const shared = storeOn(clock)
    const mortal = mortalStore(shared, (batch) => {
      if (typesOf(batch).includes('step.finished')) mortal.die()
    })
    const first = await harnessOf(mortal).getSession('s')
    void first.workflows.w.run(null, { durable: { runId: 'r' } }).catch(() => undefined)
    await clock.settle()
    clock.dead.add('process-1')
    const second = harnessOf(shared, clock.process('process-2'))
    const handle = await second.runs.resume('r')
    expect(await clock.until(handle.result)).toBe('b')
  })

  test('of an agent with a tool counts once, and its steps not at all [DEL-7]', async () => {
    const act = defineTool({
      name: 'act',
      description: 'Acts.',
      input: z.object({}),
      effect: 'read',
      execute: () => 1,
    })
    const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [act] })
    const { run } = setup([calls(['c', 'act', {}]), says('ok')], (ctx) => ctx.agents.helper('x'), {
      own: { maxChildAgentCalls: 1 },
      agent,
    })
    expect(await run()).toBe('ok')
  })
})

describe('ctx.fanOut', () => {
  const runItems = async (
    count: number,
    concurrency: number | undefined,
    each: (item: number) => Promise<unknown>,
  ): Promise<unknown> => {
    const { run } = setup([], (ctx) =>
      ctx.fanOut(
        'items',
        Array.from({ length: count }, (_, index) => index),
        (inner, item) => inner.step<unknown>('work', () => each(item)),
        concurrency === undefined ? {} : { concurrency },
      ),
    )
    return run()
  }
  const most = async (concurrency: number | undefined): Promise<number> => {
    let running = 0
    let peak = 0
    await runItems(20, concurrency, async () => {
      peak = Math.max(peak, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return null
    })
    return peak
  }

  test('runs at most 8 items at once, fewer with `concurrency`, never more [DEL-34, DEL-35]', async () => {
    expect(await most(undefined)).toBe(8)
    expect(await most(3)).toBe(3)
    expect(await most(100)).toBe(8)
  })

  test('gives results in the order of the items, whichever ends first [DEL-36]', async () => {
    const gates = [gate(), gate(), gate()]
    const result = runItems(3, undefined, async (item) => {
      await gates[item]?.opened
      gates[item - 1]?.open()
      return item
    })
    gates[2]?.open()
    expect(await result).toEqual([0, 1, 2])
  })

  test('cancels the other items at the first failure and begins no more [DEL-37]', async () => {
    const begun: number[] = []
    const aborted: number[] = []
    const { run, harness } = setup([], (ctx) =>
      ctx.fanOut(
        'items',
        [0, 1, 2, 3],
        (inner, item) =>
          inner.step('work', async ({ signal }) => {
            begun.push(item)
            if (item === 1) throw new Error('bad luck')
            await new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                aborted.push(item)
                reject(signal.reason as Error)
              })
            })
          }),
        { concurrency: 2 },
      ),
    )
    await expect(run({ durable: { runId: 'r' } })).rejects.toThrow('bad luck')
    expect([begun, aborted]).toEqual([[0, 1], [0]])
    const events = await collect(harness.runs.events('r'))
    expect(events.at(-1)).toMatchObject({ type: 'run.finished', outcome: 'failed' })
  })
})
