import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow } from '../src/index.ts'
import type { Checkpoint, ToolContext, WorkflowContext } from '../src/index.ts'
import type { Batch, Json, Platform, Store } from '../src/ports/index.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel, type Turn } from './fixtures/scripted-model.ts'

type Agents = { readonly helper: (input: string) => Promise<string> }
type Body = (ctx: WorkflowContext & { readonly agents: Agents }, input: Json) => unknown

function setup(
  body: Body,
  over: {
    readonly use?: (ctx: ToolContext) => unknown
    readonly clock?: ReturnType<typeof manualPlatform>
    readonly store?: Store
    readonly platform?: Platform
    readonly script?: readonly Turn[]
  } = {},
) {
  const clock = over.clock ?? manualPlatform()
  const store = over.store ?? storeOn(clock)
  const use = defineTool({
    name: 'use',
    description: 'Writes checkpoints.',
    input: z.object({}),
    effect: 'idempotent',
    execute: async (_input, ctx) => ((await over.use?.(ctx)) ?? null) as Json,
  })
  const helper = defineAgent({ name: 'helper', model: 'm', instructions: 'Use it.', tools: [use] })
  const w = defineWorkflow({
    name: 'w',
    input: z.unknown(),
    output: z.unknown(),
    agents: { helper },
    run: (async (ctx: never, input: unknown) => (await body(ctx, input as Json)) ?? null) as never,
  })
  const harness = defineHarness({
    name: 'test',
    models: { m: scriptedModel(over.script ?? [calls(['c1', 'use', {}]), says('done')]) },
    agents: { helper },
    workflows: { w },
    platform: over.platform ?? clock,
    store,
  })
  const run = async (input: Json = null, runId = 'r', sessionId = 's') => {
    const session = await harness.getSession(sessionId)
    return clock.until(session.workflows.w.run(input, { durable: { runId } }))
  }
  return { clock, harness, store, run, events: (runId = 'r') => collect(harness.runs.events(runId)) }
}

const brief = (all: readonly Checkpoint[]): Json =>
  all.map(({ kind, sequence, payload }) => `${kind} ${sequence} ${JSON.stringify(payload)}`)

describe('checkpoints of a workflow', () => {
  test('are written and read back, whole [CKP-1, CKP-2, CKP-4]', async () => {
    const { run, clock } = setup(async ({ checkpoints }) => {
      const init = {
        sequence: 3,
        kind: 'handoff',
        payload: { text: 'Grüße' },
        metadata: { to: 'b' },
      } as const
      const written = await checkpoints.write(init)
      const read = await checkpoints.read({ kind: 'handoff', sequence: 3 })
      const absent = await checkpoints.read({ kind: 'summary', sequence: 3 })
      return { written, read, absent: absent ?? null }
    })
    const info = {
      runId: 'r',
      sessionId: 's',
      workflow: 'w',
      kind: 'handoff',
      sequence: 3,
      metadata: { to: 'b' },
      payloadSizeBytes: Buffer.byteLength('{"text":"Grüße"}'),
      createdAt: expect.any(Number) as number,
    }
    const result = (await run()) as { written: { createdAt: number } }
    expect(result).toEqual({ written: info, read: { ...info, payload: { text: 'Grüße' } }, absent: null })
    expect(result.written.createdAt).toBeLessThanOrEqual(clock.now())
  })

  test('are listed in the order of sequence [CKP-3, CKP-6]', async () => {
    const { run } = setup(async ({ checkpoints }) => {
      await Promise.all(
        [10, 2, 1].flatMap((sequence) => [
          checkpoints.write({ sequence, kind: 'summary', payload: sequence }),
          checkpoints.write({ sequence, kind: 'goal_state', payload: -sequence }),
        ]),
      )
      return [brief(await checkpoints.list({ kind: 'summary' })), brief(await checkpoints.list())]
    })
    expect(await run()).toEqual([
      ['summary 1 1', 'summary 2 2', 'summary 10 10'],
      [
        'goal_state 1 -1',
        'summary 1 1',
        'goal_state 2 -2',
        'summary 2 2',
        'goal_state 10 -10',
        'summary 10 10',
      ],
    ])
  })

  test('are committed in the batch of their step [EVT-8]', async () => {
    const clock = manualPlatform()
    const batches: string[][] = []
    const store = mortalStore(storeOn(clock), (batch: Batch) => void batches.push(typesOf(batch)))
    const { run } = setup(
      ({ checkpoints }) => checkpoints.write({ sequence: 0, kind: 'summary', payload: 1 }),
      {
        clock,
        store,
      },
    )
    await run()
    expect(batches).toContainEqual(['checkpoint.written', 'step.finished'])
  })

  test('the same key takes the same payload again, and no other [CKP-8]', async () => {
    const { run, events } = setup(async ({ checkpoints }) => {
      const write = (payload: Json) => checkpoints.write({ sequence: 1, kind: 'summary', payload })
      const first = await write({ a: 1, b: 2 })
      const again = await write({ b: 2, a: 1 })
      const other = await failureOf(write({ a: 1 }))
      return [first.createdAt === again.createdAt, String(other.code), { ...other.meta }]
    })
    expect(await run()).toEqual([true, 'checkpoint/conflict', { runId: 'r', kind: 'summary', sequence: 1 }])
    expect((await events()).filter((event) => event.type === 'checkpoint.written')).toHaveLength(1)
  })

  test('of two writes at once the second sees the first [CKP-8]', async () => {
    const { run } = setup(async ({ checkpoints }) => {
      const ends = await Promise.allSettled(
        [1, 2, 1].map((payload) => checkpoints.write({ sequence: 1, kind: 'summary', payload })),
      )
      return [ends.map((end) => end.status), brief(await checkpoints.list())]
    })
    expect(await run()).toEqual([['fulfilled', 'rejected', 'fulfilled'], ['summary 1 1']])
  })

  test('can be deleted, and their key used anew [CKP-2]', async () => {
    const { run } = setup(async ({ checkpoints }) => {
      const key = { sequence: 1, kind: 'summary' } as const
      await checkpoints.write({ ...key, payload: 'old' })
      const deleted = [await checkpoints.delete(key), await checkpoints.delete(key)]
      const between = await checkpoints.read(key)
      await checkpoints.write({ ...key, payload: 'new' })
      return [...deleted, between ?? null, (await checkpoints.read(key))?.payload] as Json
    })
    expect(await run()).toEqual([true, false, null, 'new'])
  })

  test('take JSON and keys that are some, and nothing else [CKP-9]', async () => {
    const { run, events } = setup(async ({ checkpoints }) => {
      const key = { sequence: 1, kind: 'summary' } as const
      const payloads: unknown[] = [undefined, Number.NaN, 1n, new Date(0), () => 1, '\ud800']
      const writes = payloads.map((payload) => checkpoints.write({ ...key, payload: payload as Json }))
      const sequences: unknown[] = [-1, 1.5, -0, '1', undefined, 2 ** 53]
      const kinds: unknown[] = ['Summary', '', '__proto__', undefined]
      const refused = [
        ...sequences.map((sequence) =>
          checkpoints.write({ ...key, sequence: sequence as number, payload: 1 }),
        ),
        ...kinds.map((kind) => checkpoints.write({ ...key, kind: kind as 'summary', payload: 1 })),
        checkpoints.write({ ...key, payload: 1, metadata: [] as never }),
        checkpoints.write(undefined as never),
        checkpoints.read({ ...key, runId: 'no id' }),
        checkpoints.list({ runId: '' }),
      ]
      const code = async (call: Promise<unknown>): Promise<string> => (await failureOf(call)).code
      return [await Promise.all(writes.map(code)), await Promise.all(refused.map(code))].map((codes) => [
        ...new Set(codes),
      ])
    })
    expect(await run()).toEqual([['validation/value'], ['validation/options']])
    expect((await events()).filter((event) => event.type.startsWith('step.'))).toEqual([])
  })

  test('a large payload is a blob that a prune keeps', async () => {
    const payload = 'x'.repeat(100_000)
    const { run, harness, clock, events } = setup(async ({ checkpoints }, input) => {
      if (input === 'read')
        return (await checkpoints.read({ kind: 'summary', sequence: 1, runId: 'r' }))?.payload
      const { payloadSizeBytes } = await checkpoints.write({ kind: 'summary', sequence: 1, payload })
      return payloadSizeBytes
    })
    expect(await run()).toBe(payload.length + 2)
    const written = (await events()).find((event) => event.type === 'checkpoint.written')
    expect(written).toMatchObject({ blob: { bytes: payload.length + 2 } })
    // Longer than the grace of a sweep, so that only what is named stays.
    await clock.advance(4_000_000)
    expect(await harness.runs.prune({ olderThan: 8_000_000 })).toMatchObject({ runs: 0, blobs: 0 })
    expect(await run('read', 'second')).toBe(payload)
  })

  test('are there again in a replay, and what was read does not change', async () => {
    const { run, harness, clock } = setup(async (ctx) => {
      const { checkpoints } = ctx
      await checkpoints.write({ kind: 'summary', sequence: 1, payload: 'one' })
      const before = brief(await checkpoints.list())
      await ctx.wait('go')
      await checkpoints.write({ kind: 'summary', sequence: 2, payload: 'two' })
      await checkpoints.delete({ kind: 'summary', sequence: 1 })
      return [before, brief(await checkpoints.list())]
    })
    const session = await harness.getSession('s')
    const handle = await clock.until(session.workflows.w.start(null, { durable: { runId: 'r' } }))
    await clock.advance(1_000)
    await harness.runs.signal('r', 'go', null)
    const expected = [['summary 1 "one"'], ['summary 2 "two"']]
    expect(await clock.until(handle.result)).toEqual(expected)
    expect(await run()).toEqual(expected)
  })

  test('go with a fork, as its own', async () => {
    const { harness, clock } = setup(async (ctx) => {
      await ctx.checkpoints.write({ kind: 'summary', sequence: 1, payload: 'one' })
      await ctx.wait('go')
      return (await ctx.checkpoints.list()).map(({ runId, sessionId, payload }) => ({
        runId,
        sessionId,
        payload,
      })) as Json
    })
    const session = await harness.getSession('s')
    await clock.until(session.workflows.w.start(null, { durable: { runId: 'r' } }))
    await clock.advance(1_000)
    const fork = await clock.until(harness.runs.fork('r', { runId: 'f', sessionId: 'other' }))
    await harness.runs.signal('f', 'go', null)
    expect(await clock.until(fork.result)).toEqual([{ runId: 'f', sessionId: 'other', payload: 'one' }])
  })

  test('are written by nobody else [CKP-10]', async () => {
    const { run, events } = setup(async (ctx) => ctx.agents.helper('go'), { use: () => 'x'.repeat(200_000) })
    await run()
    expect((await events()).filter((event) => event.type.startsWith('checkpoint'))).toEqual([])
  })
})

describe('an earlier run', () => {
  const body: Body = async ({ checkpoints }, input) => {
    if (typeof input === 'string') {
      const found = await checkpoints.read({ kind: 'handoff', sequence: 1, runId: input })
      return [brief(await checkpoints.list({ runId: input })), found?.runId ?? null]
    }
    await checkpoints.write({ kind: 'handoff', sequence: 1, payload: input })
    return null
  }

  test('of the session can be named, and is read once [CKP-7]', async () => {
    const clock = manualPlatform()
    const store = storeOn(clock)
    let reads = 0
    const counted: Store = {
      ...store,
      journal: {
        ...store.journal,
        read: (stream, options) => {
          if (stream === 'run/first') reads++
          return store.journal.read(stream, options)
        },
      },
    }
    const { run } = setup(body, { clock, store: counted })
    await run({ left: true }, 'first')
    reads = 0
    expect(await run('first', 'second')).toEqual([['handoff 1 {"left":true}'], 'first'])
    expect(reads).toBe(2)
    expect(await run('first', 'second')).toEqual([['handoff 1 {"left":true}'], 'first'])
    expect(reads).toBe(2)
  })

  test('of another session is not shown, and neither is one that never was', async () => {
    const { run } = setup(body)
    await run({ secret: true }, 'first', 'theirs')
    const theirs = await failureOf(run('first', 'second', 'mine'))
    const never = await failureOf(run('never', 'third', 'mine'))
    expect(theirs).toMatchObject({ code: 'run/not-found', meta: { runId: 'first' } })
    expect(never).toMatchObject({ code: 'run/not-found', meta: { runId: 'never' } })
    expect(theirs.message.replace('first', 'never')).toBe(never.message)
  })
})

describe('checkpoints of an agent [CKP-5]', () => {
  const leave = async ({ checkpoints }: ToolContext): Promise<Json> => {
    await checkpoints.write({ kind: 'summary', sequence: 1, payload: 'by tool' })
    const own = await checkpoints.read({ kind: 'summary', sequence: 1 })
    return [own?.agent ?? null, own?.workflow ?? null]
  }

  test('are written in its tools', async () => {
    const seen: Json[] = []
    const { harness, clock, events } = setup(() => null, { use: async (ctx) => seen.push(await leave(ctx)) })
    const session = await harness.getSession('s')
    await clock.until(session.agents.helper.run('go', { durable: { runId: 'r' } }))
    expect(seen).toEqual([['helper', null]])
    const types = (await events()).map((event) => event.type)
    expect(types.indexOf('checkpoint.written')).toBeLessThan(types.indexOf('tool.finished'))
  })

  test('of a child are in its run; the child lists its own, the workflow all [CKP-6]', async () => {
    const seen: Json[] = []
    const { run } = setup(
      async (ctx) => {
        await ctx.checkpoints.write({ kind: 'handoff', sequence: 0, payload: 'to the child' })
        await ctx.agents.helper('go')
        return (await ctx.checkpoints.list()).map(({ kind, agent }) => [kind, agent ?? null])
      },
      {
        use: async (ctx) => {
          seen.push(await leave(ctx), brief(await ctx.checkpoints.list()))
          seen.push((await ctx.checkpoints.read({ kind: 'handoff', sequence: 0 }))?.payload ?? null)
        },
      },
    )
    expect(await run()).toEqual([
      ['handoff', null],
      ['summary', 'helper'],
    ])
    expect(seen).toEqual([['helper', 'w'], ['summary 1 "by tool"'], 'to the child'])
  })

  test('that a tool wrote are there when the tool is executed again after a kill', async () => {
    const clock = manualPlatform()
    const shared = storeOn(clock)
    let executions = 0
    const use = async (ctx: ToolContext): Promise<Json> => {
      executions++
      await leave(ctx)
      return brief(await ctx.checkpoints.list())
    }
    const store = mortalStore(shared, (batch) => {
      if (typesOf(batch).includes('tool.finished')) store.die()
    })
    const first = setup(() => null, { use, clock, platform: clock.process('one'), store })
    const session = await first.harness.getSession('s')
    void session.agents.helper.run('go', { durable: { runId: 'r' } }).catch(() => undefined)
    await clock.advance(1_000)
    expect(executions).toBe(1)
    await clock.advance(20_000)
    const second = setup(() => null, {
      use,
      clock,
      platform: clock.process('two'),
      store: shared,
      script: [says('done')],
    })
    const again = await second.harness.getSession('s')
    expect(await clock.until(again.agents.helper.run('go', { durable: { runId: 'r' } }))).toBe('done')
    expect(executions).toBe(2)
    const written = (await collect(second.harness.runs.events('r'))).filter(
      (event) => event.type === 'checkpoint.written',
    )
    expect(written).toHaveLength(1)
  })
})
