import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow, inMemoryStore } from '../src/index.ts'
import type { ToolContext, WorkflowContext } from '../src/index.ts'
import type { Capability, Json, Memory, MemoryAdapter, Store } from '../src/ports/index.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { storeOn } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel } from './fixtures/scripted-model.ts'

/** A memory that notes what it is asked. */
function spied(memory: Memory): { readonly memory: Memory; readonly asked: string[] } {
  const asked: string[] = []
  const note = <Args extends readonly unknown[], R>(name: string, call: (...args: Args) => R) => {
    return (...args: Args): R => {
      asked.push([name, ...args.map((arg) => JSON.stringify(arg))].join(' '))
      return call(...args)
    }
  }
  return {
    asked,
    memory: {
      get: note('get', memory.get),
      set: note('set', memory.set),
      delete: note('delete', memory.delete),
      list: note('list', memory.list),
      search: note('search', memory.search ?? (() => Promise.reject(new Error('none')))),
    },
  }
}

type Body = (ctx: WorkflowContext) => unknown

function setup(
  body: Body,
  over: {
    readonly capabilities?: readonly Capability[]
    readonly use?: (ctx: ToolContext) => unknown
    readonly store?: (store: Store) => Store
    readonly memory?: MemoryAdapter
  } = {},
) {
  const clock = manualPlatform()
  const plain = storeOn(clock)
  const { memory, asked } = spied(plain.memory as Memory)
  const info = { ...plain.info, capabilities: over.capabilities ?? plain.info.capabilities }
  const withMemory: Store = { ...plain, info, memory }
  const store = over.store?.(withMemory) ?? withMemory
  const use = defineTool({
    name: 'use',
    description: 'Uses the memory.',
    input: z.object({}),
    effect: 'idempotent',
    execute: async (_input, ctx) => ((await over.use?.(ctx)) ?? null) as Json,
  })
  const helper = defineAgent({ name: 'helper', model: 'm', instructions: 'Use it.', tools: [use] })
  const w = defineWorkflow({
    name: 'w',
    input: z.unknown(),
    output: z.unknown(),
    tools: { use },
    agents: { helper },
    run: (async (ctx: never) => (await body(ctx)) ?? null) as never,
  })
  const harness = defineHarness({
    name: 'test',
    models: { m: scriptedModel([calls(['c1', 'use', {}]), says('done')]) },
    agents: { helper },
    workflows: { w },
    platform: clock,
    store,
    ...(over.memory !== undefined && { memory: over.memory }),
  })
  const run = async (options: object = {}, sessionId = 's') => {
    const session = await harness.getSession(sessionId)
    return clock.until(session.workflows.w.run(null, { durable: { runId: 'r' }, ...options }))
  }
  return { clock, harness, plain, store, asked, run, events: () => collect(harness.runs.events('r')) }
}

const record = (key: string, value: unknown) => expect.objectContaining({ key, value })

describe('the memory of a workflow', () => {
  test('has scopes with read, write, delete, list and search [MEM-1, MEM-2]', async () => {
    const { run } = setup(async ({ memory }) => {
      const seen: unknown[] = []
      for (const scope of [memory.session, memory.run, memory.user('u'), memory.tenant('t')]) {
        await scope.write('k', { text: 'some words' })
        await scope.write('gone', 1)
        const read = await scope.read('k')
        const gone = [await scope.delete('gone'), await scope.delete('gone'), await scope.read('gone')]
        const { records } = await scope.list()
        const found = await scope.search('WORDS')
        seen.push([read?.value, ...gone, records.length, found.map((match) => match.record.key)])
      }
      return JSON.parse(JSON.stringify(seen)) as unknown
    })
    const each = [{ text: 'some words' }, true, false, null, 1, ['k']]
    expect(await run()).toEqual([each, each, each, each])
  })

  test('keeps scopes apart', async () => {
    const { run, plain } = setup(async ({ memory }) => {
      await memory.session.write('k', 'session')
      await memory.run.write('k', 'run')
      await memory.user('same').write('k', 'user')
      await memory.tenant('same').write('k', 'tenant')
    })
    await run()
    const read = async (kind: 'session' | 'run' | 'user' | 'tenant', id: string) =>
      (await plain.memory?.get({ kind, id }, 'k'))?.value
    expect(await read('session', 's')).toBe('session')
    expect(await read('run', 'r')).toBe('run')
    expect(await read('user', 'same')).toBe('user')
    expect(await read('tenant', 'same')).toBe('tenant')
  })

  test('is a step for each operation, which a replay does not make again [MEM-11]', async () => {
    const { harness, clock, run, asked, events } = setup(async (ctx) => {
      await ctx.memory.session.write('secret-key', { n: 1 })
      const before = await ctx.memory.session.read('secret-key')
      await ctx.wait('go')
      await ctx.memory.session.write('secret-key', { n: 2 })
      return [before?.value, (await ctx.memory.session.read('secret-key'))?.value] as Json
    })
    const session = await harness.getSession('s')
    const handle = await clock.until(session.workflows.w.start(null, { durable: { runId: 'r' } }))
    await clock.advance(1_000)
    expect((await harness.runs.get('r'))?.state).toBe('suspended')
    // What others write meanwhile is not seen by what was recorded.
    await session.memory.write('secret-key', { n: 'other' })
    asked.length = 0
    await harness.runs.signal('r', 'go', null)
    expect(await clock.until(handle.result)).toEqual([{ n: 1 }, { n: 2 }])
    expect(asked.map((call) => call.split(' ')[0])).toEqual(['set', 'get'])
    expect(await run()).toEqual([{ n: 1 }, { n: 2 }])
    const keys = (await events()).flatMap((event) => ('key' in event ? [event.key] : []))
    expect(keys.filter((key) => key.startsWith('memory.'))).toHaveLength(4)
    expect(keys.filter((key) => key.includes('secret'))).toEqual([])
  })

  test('takes any number of operations on one key at once', async () => {
    const { run } = setup(async ({ memory, fanOut }) => {
      const scope = memory.session
      await Promise.all([1, 2, 3].map((n) => scope.write('k', n)))
      const reads = await Promise.all([scope.read('k'), memory.session.read('k'), scope.read('k')])
      const items = await fanOut('items', [1, 2], (item) => item.memory.session.read('k'))
      return [...reads, ...items].map((found) => found?.value) as Json
    })
    expect(await run()).toEqual([3, 3, 3, 3, 3])
  })

  test('refuses a key that is none, before anything is asked [MEM-3]', async () => {
    const wrong = ['', 'a b', 'a/b', 'ä', '__proto__\0', 'x'.repeat(257), 7 as never, undefined as never]
    const { run, asked } = setup(async ({ memory }) => {
      const codes: string[] = []
      for (const key of wrong) {
        const asks = [memory.session.read(key), memory.session.write(key, 1), memory.session.delete(key)]
        for (const call of asks) codes.push(String((await failureOf(call)).code))
      }
      return codes
    })
    expect(await run()).toEqual(wrong.flatMap(() => Array.from({ length: 3 }, () => 'validation/options')))
    expect(asked).toEqual([])
    const { run: runGood } = setup(async ({ memory }) => {
      for (const key of ['x'.repeat(256), 'A-z_0.9:', '__proto__']) await memory.session.write(key, key)
      return (await memory.session.read('__proto__'))?.value
    })
    expect(await runGood()).toBe('__proto__')
  })

  test('takes JSON and nothing else [MEM-4]', async () => {
    const { run, asked } = setup(async ({ memory }) => {
      const wrong: unknown[] = [undefined, Number.NaN, -0, 1n, new Date(0), new Map(), () => 1, '\ud800']
      const codes = await Promise.all(
        wrong.map(async (value) => (await failureOf(memory.session.write('k', value as Json))).code),
      )
      return [...new Set(codes)] as Json
    })
    expect(await run()).toEqual(['validation/value'])
    expect(asked).toEqual([])
  })

  test('refuses options that are none, before anything is asked [MEM-9, MEM-10]', async () => {
    const { run, asked } = setup(async ({ memory: { session: scope } }) => {
      const refused: Promise<unknown>[] = [
        ...[0, -1, Number.NaN, '1' as never].map((ttlMs) => scope.write('k', 1, { ttlMs })),
        ...[['']].map((tags) => scope.write('k', 1, { tags })),
        scope.write('k', 1, { tags: Array.from({ length: 65 }, () => 't') }),
        scope.write('k', 1, { metadata: [] as never }),
        ...[0, 1_001, 1.5].map((limit) => scope.list({ limit })),
        ...[0, 1_001].map((limit) => scope.search('x', { limit })),
        scope.list({ prefix: 'a%' }),
        scope.list({ cursor: 'x'.repeat(9_000) }),
        scope.search('x'.repeat(1_001)),
        scope.search(7 as never),
      ]
      return Promise.all(refused.map(async (call) => (await failureOf(call)).code as Json))
    })
    expect(new Set((await run()) as Json[])).toEqual(new Set(['validation/options']))
    expect(asked).toEqual([])
  })

  test('write takes ttlMs, tags and metadata [MEM-9]', async () => {
    const { run } = setup(async (ctx) => {
      const scope = ctx.memory.session
      await scope.write('k', 1, { ttlMs: 5_000, tags: ['a', 'b'], metadata: { by: 'w' } })
      const written = await scope.read('k')
      await ctx.sleep('nap', 5_001)
      return [written?.tags, written?.metadata, (await scope.read('k')) ?? null]
    })
    expect(await run()).toEqual([['a', 'b'], { by: 'w' }, null])
  })

  test('list takes prefix, limit and cursor [MEM-10]', async () => {
    const { run } = setup(async ({ memory: { session: scope } }) => {
      const keys = Array.from({ length: 120 }, (_, index) => `k${String(index).padStart(3, '0')}`)
      await Promise.all([...keys, 'other'].map((key) => scope.write(key, 1)))
      const first = await scope.list({ prefix: 'k' })
      const rest = await scope.list({ prefix: 'k', cursor: first.cursor ?? '' })
      const wrong = await failureOf(scope.list({ cursor: 'nonsense' }))
      return [first.records.length, rest.records.length, rest.cursor ?? null, String(wrong.code)]
    })
    expect(await run()).toEqual([100, 20, null, 'validation/options'])
  })

  test('has no agent scope, and neither has a tool that it calls [MEM-7]', async () => {
    const { run } = setup(
      async ({ memory, tools }) => [
        'agent' in memory,
        await (tools as unknown as { use: (input: object) => Promise<Json> }).use({}),
      ],
      { use: (ctx) => ctx.memory.agent === undefined },
    )
    expect(await run()).toEqual([false, true])
  })

  test('user() and tenant() take their id from the metadata of the run [MEM-8]', async () => {
    const body: Body = async ({ memory }) => {
      await memory.user().write('k', 'by user')
      await memory.tenant().write('k', 'by tenant')
      return [
        (await memory.user('u1').read('k'))?.value,
        (await memory.tenant('t1').read('k'))?.value,
      ] as Json
    }
    const { run } = setup(body)
    expect(await run({ metadata: { userId: 'u1', tenantId: 't1' } })).toEqual(['by user', 'by tenant'])
    for (const metadata of [undefined, null, 'u1', { userId: 7 }, { userId: '' }, ['userId']]) {
      const { run: runWithout, asked } = setup(body)
      const options = metadata === undefined ? {} : { metadata }
      expect(await failureOf(runWithout(options))).toMatchObject({
        code: 'validation/memory_scope',
        meta: { scope: 'user' },
      })
      expect(asked).toEqual([])
    }
  })
})

describe('what a memory does not support is refused before it is asked [MEM-5]', () => {
  const cases: readonly (readonly [string, readonly Capability[], Body])[] = [
    ['ttl', ['memory.search'], ({ memory }) => memory.session.write('k', 1, { ttlMs: 1 })],
    ['search', ['memory.ttl'], ({ memory }) => memory.session.search('k')],
    ['scope', ['memory.scope.session'], ({ memory }) => memory.user('u').read('k')],
    ['scope', ['memory.scope.user'], ({ memory }) => memory.session.read('k')],
  ]
  test.each(cases)('%s, with %j', async (reason, capabilities, body) => {
    const { run, asked } = setup(body, { capabilities })
    expect(await failureOf(run())).toMatchObject({ code: 'memory/unsupported', meta: { reason } })
    expect(asked).toEqual([])
  })

  test('a declared scope is taken', async () => {
    const { run } = setup(({ memory }) => memory.session.write('k', 1), {
      capabilities: ['memory.scope.session'],
    })
    expect(await run()).toBeNull()
  })

  test('a harness without a memory', async () => {
    const { run, harness } = setup(({ memory }) => memory.session.read('k'), {
      store: ({ info, journal, leases, blobs, close }) => ({ info, journal, leases, blobs, close }),
    })
    expect(await failureOf(run())).toMatchObject({ code: 'memory/unsupported', meta: { reason: 'memory' } })
    const session = await harness.getSession('s')
    expect(await failureOf(session.memory.read('k'))).toMatchObject({ code: 'memory/unsupported' })
  })
})

describe('the memory of a tool', () => {
  test('is asked at once and has the scope of the calling agent', async () => {
    const seen: unknown[] = []
    const { harness, clock, asked, plain } = setup(() => null, {
      use: async ({ memory }) => {
        await memory.agent?.write('k', 'by agent')
        await memory.session.write('k', 'by session')
        seen.push((await memory.agent?.read('k'))?.value, (await memory.session.read('k'))?.value)
      },
    })
    const session = await harness.getSession('s')
    await clock.until(session.agents.helper.run('go', { durable: { runId: 'r' } }))
    expect(seen).toEqual(['by agent', 'by session'])
    expect((await plain.memory?.get({ kind: 'agent', id: 'helper' }, 'k'))?.value).toBe('by agent')
    expect(asked.map((call) => call.split(' ')[0])).toEqual(['set', 'set', 'get', 'get'])
    const types = (await collect(harness.runs.events('r'))).map((event) => event.type)
    expect(types.filter((type) => type === 'step.finished')).toEqual([])
  })

  test('of a child shares the run scope with its workflow', async () => {
    const { run } = setup(
      async (ctx) => {
        await ctx.memory.run.write('task', 'from the workflow')
        await (ctx.agents as unknown as { helper: (input: string) => Promise<string> }).helper('go')
        return (await ctx.memory.run.read('answer'))?.value
      },
      {
        use: async ({ memory }) => {
          const task = await memory.run.read('task')
          await memory.run.write('answer', `${JSON.stringify(task?.value)}, and back`)
        },
      },
    )
    expect(await run()).toBe('"from the workflow", and back')
  })
})

describe('session.memory', () => {
  test('is the session scope outside runs [MEM-6]', async () => {
    const { run, harness } = setup(async ({ memory }) => (await memory.session.read('k'))?.value)
    const session = await harness.getSession('s')
    await session.memory.write('k', { from: 'outside' })
    expect(await run()).toEqual({ from: 'outside' })
    const other = await harness.getSession('other')
    expect(await other.memory.read('k')).toBeUndefined()
    expect(await session.memory.list()).toEqual({ records: [record('k', { from: 'outside' })] })
  })

  test('ends with the session and the harness', async () => {
    const { harness } = setup(() => null)
    const session = await harness.getSession('s')
    await session.close()
    expect(await failureOf(session.memory.read('k'))).toMatchObject({ code: 'session/closed' })
    const second = await harness.getSession('s')
    await harness.shutdown()
    expect(await failureOf(second.memory.read('k'))).toMatchObject({ code: 'harness/closed' })
  })
})

describe('run memory', () => {
  const body: Body = async ({ memory }) => {
    await Promise.all(Array.from({ length: 130 }, (_, index) => memory.run.write(`k${index}`, 1)))
    await memory.session.write('k', 1)
  }
  const left = async (store: Store, runId: string): Promise<number | undefined> =>
    (await store.memory?.list({ kind: 'run', id: runId }))?.records.length

  test('is removed with the run', async () => {
    const { run, harness, plain } = setup(body)
    await run()
    expect(await left(plain, 'r')).toBe(100)
    expect(await harness.runs.prune({ olderThan: 0 })).toMatchObject({ runs: 1 })
    expect(await left(plain, 'r')).toBe(0)
    expect((await plain.memory?.list({ kind: 'session', id: 's' }))?.records).toHaveLength(1)
  })

  test('of a failed run is removed with it, too', async () => {
    const { run, harness, plain } = setup(async (ctx) => {
      await ctx.memory.run.write('k', 1)
      throw new Error('bad luck')
    })
    await expect(run()).rejects.toThrow('bad luck')
    expect(await left(plain, 'r')).toBe(1)
    await harness.runs.prune({ olderThan: 0, status: 'failed' })
    expect(await left(plain, 'r')).toBe(0)
  })

  test('goes when a bounded store drops its run', async () => {
    const { run, plain } = setup(body, { store: (store) => ({ ...store, keepFinishedRuns: 1 }) })
    await run()
    expect(await left(plain, 'r')).toBe(100)
    await run({ durable: { runId: 'second' } })
    await expect.poll(() => left(plain, 'r')).toBe(0)
    expect(await left(plain, 'second')).toBe(100)
  })
})

describe('a memory of its own', () => {
  const adapter = (over: Partial<MemoryAdapter> = {}): MemoryAdapter & { closed: number } => {
    const store = inMemoryStore()
    const self = {
      ...(store.memory as Memory),
      info: {
        ...store.info,
        id: 'own',
        specs: { memory: 'memory/1' },
        capabilities: ['memory.ttl'] as const,
      },
      closed: 0,
      close: async () => void self.closed++,
      ...over,
    }
    return self
  }

  test('goes before that of the store, with its own capabilities', async () => {
    const memory = adapter()
    const { run, harness, asked } = setup(
      async (ctx) => {
        await ctx.memory.session.write('k', 'own')
        return String((await failureOf(ctx.memory.session.search('own'))).code)
      },
      { memory },
    )
    expect(await run()).toBe('memory/unsupported')
    expect((await memory.get({ kind: 'session', id: 's' }, 'k'))?.value).toBe('own')
    expect(asked).toEqual([])
    expect(harness.inspect().adapters.map((one) => one.role)).toEqual([
      'store',
      'memory',
      'platform',
      'sandbox',
      'workspace',
      'models.m',
    ])
    await harness.shutdown()
    expect(memory.closed).toBe(1)
  })

  test('is refused when it is of another version of the port', () => {
    const info = { ...adapter().info, specs: { memory: 'memory/2' } }
    expect(() => setup(() => null, { memory: adapter({ info }) })).toThrow(
      expect.objectContaining({
        code: 'config/adapter',
        message: expect.stringContaining('memory/2') as string,
      }),
    )
  })
})
