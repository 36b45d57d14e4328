import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineHarness, defineTool, defineWorkflow, type WorkflowContext } from '../src/index.ts'
import type { Store } from '../src/ports/index.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn } from './fixtures/mortal-store.ts'

const double = defineTool({
  name: 'double',
  description: 'Doubles.',
  input: z.object({ n: z.number() }),
  output: z.number(),
  effect: 'idempotent',
  execute: ({ n }) => n * 2,
})

type Body = (ctx: WorkflowContext<Record<never, never>, { double: typeof double }>) => unknown

function setup(
  body: Body,
  over: { output?: z.ZodType; input?: z.ZodType; store?: (shared: Store) => Store } = {},
) {
  const clock = manualPlatform()
  const shared = storeOn(clock)
  const w = defineWorkflow({
    name: 'w',
    input: over.input ?? z.unknown(),
    output: over.output ?? z.unknown(),
    tools: { double },
    run: (async (ctx: never) => (await body(ctx)) ?? null) as never,
  })
  const harness = defineHarness({
    name: 'test',
    models: {},
    workflows: { w },
    platform: clock,
    store: over.store?.(shared) ?? shared,
  })
  const run = async (input: unknown = null, options: object = {}) => {
    const session = await harness.getSession('s')
    return clock.until(session.workflows.w.run(input as never, { durable: { runId: 'r' }, ...options }))
  }
  return { clock, harness, shared, run, events: () => collect(harness.runs.events('r')) }
}

describe('a workflow', () => {
  test('has its input and output checked', async () => {
    const { run } = setup(() => 'text', { input: z.number(), output: z.number() })
    expect(await failureOf(run('text'))).toMatchObject({
      code: 'validation/input',
      meta: { issues: [{ path: '' }] },
    })
    expect(await failureOf(run(1))).toMatchObject({ code: 'validation/output' })
  })

  test('gets the transformed input, and its transformed output is given back', async () => {
    let seen: unknown
    const { run } = setup((ctx) => ctx.step('look', () => 3), {
      input: z.string().transform((text) => (seen = text.length)),
      output: z.number().transform((n) => ({ n })),
    })
    expect(await run('four')).toEqual({ n: 3 })
    expect(seen).toBe(4)
  })

  test('carries the ids, the attempt and the frozen metadata of its run [RUN-37, STEP-17]', async () => {
    let seen: object = {}
    const { run } = setup((ctx) => {
      const { runId, sessionId, attempt, metadata, signal } = ctx
      seen = {
        runId,
        sessionId,
        attempt,
        metadata,
        aborted: signal.aborted,
        frozen: Object.isFrozen(metadata),
      }
    })
    await run(null, { metadata: { a: 1 } })
    expect(seen).toEqual({
      runId: 'r',
      sessionId: 's',
      attempt: 1,
      metadata: { a: 1 },
      aborted: false,
      frozen: true,
    })
  })
})

describe('ctx.tools', () => {
  test('checks the input, executes, and records one tool.finished [EVT-21]', async () => {
    const { run, events } = setup((ctx) => ctx.tools.double({ n: 2 }))
    expect(await run()).toBe(4)
    expect((await events()).filter((event) => event.type === 'tool.finished')).toMatchObject([
      { key: 'double', label: { tool: 'double' }, value: 4 },
    ])
  })

  test('an input that does not match is validation/input, and nothing is executed or recorded', async () => {
    const { run, events } = setup((ctx) => ctx.tools.double({ n: 'two' as never }))
    expect(await failureOf(run())).toMatchObject({ code: 'validation/input' })
    expect((await events()).map((event) => event.type)).toEqual(['run.started', 'run.finished'])
  })
})

describe('ctx.step', () => {
  test('a policy that is not valid is validation/options', async () => {
    for (const retry of [{ maxAttempts: 0 }, { minDelayMs: -1 }, { factor: 0 }, { jitter: 'yes' }]) {
      const { run } = setup((ctx) => ctx.step('s', () => 1, { retry: retry as never }))
      expect(await failureOf(run())).toMatchObject({ code: 'validation/options' })
    }
    const { run } = setup((ctx) => ctx.step('s', () => 1, { timeoutMs: -1 }))
    expect(await failureOf(run())).toMatchObject({ code: 'validation/options' })
  })

  test('`once` takes no retry policy', async () => {
    const { run } = setup((ctx) => ctx.step('s', () => 1, { effect: 'once', retry: { maxAttempts: 2 } }))
    await expect(run()).rejects.toThrow(/never run again/)
  })

  test('two calls of one name in flight are step/ambiguous', async () => {
    const { run } = setup((ctx) => Promise.all([ctx.step('s', () => 1), ctx.step('s', () => 2)]))
    expect(await failureOf(run())).toMatchObject({ code: 'step/ambiguous' })
  })

  test('what is thrown and is no error is step/failed', async () => {
    const { run } = setup((ctx) =>
      ctx.step('s', () => {
        throw 'a text'
      }),
    )
    expect(await failureOf(run())).toMatchObject({ code: 'step/failed' })
  })

  test('gets the key of its events', async () => {
    const { run } = setup(async (ctx) => {
      const first = await ctx.step('s', ({ key }) => key)
      return [
        first,
        await ctx.step('s', ({ key }) => key),
        await ctx.step('s', ({ key }) => key, { key: 'mine' }),
      ]
    })
    expect(await run()).toEqual(['s', 's#2', 'mine'])
  })

  test('a time limit is operation/timeout with the scope step [RUN-28, STEP-7]', async () => {
    const { run, clock } = setup((ctx) =>
      ctx.step('s', () => new Promise(() => undefined), { timeoutMs: 700 }),
    )
    expect(await failureOf(run())).toMatchObject({
      code: 'operation/timeout',
      meta: { scope: 'step', timeoutMs: 700 },
    })
    expect(clock.monotonic()).toBe(700)
  })

  test('of a `once` step leaves its outcome unknown [STEP-8]', async () => {
    let ran = 0
    const { run } = setup((ctx) =>
      ctx.step('s', () => (ran++, new Promise(() => undefined)), { effect: 'once', timeoutMs: 700 }),
    )
    expect(await failureOf(run())).toMatchObject({ code: 'step/unknown-outcome', meta: { key: 's' } })
    expect(ran).toBe(1)
  })
})

describe('ctx.wait and ctx.sleep', () => {
  test('a wait that nobody answers is operation/timeout with the scope wait [RUN-28, STEP-11]', async () => {
    const { run, clock } = setup((ctx) => ctx.wait('w', { timeoutMs: 90_000 }))
    expect(await failureOf(run())).toMatchObject({
      code: 'operation/timeout',
      meta: { scope: 'wait', timeoutMs: 90_000 },
    })
    expect(clock.monotonic()).toBe(90_000)
  })

  test('a sleep beyond 2^31 ms works [STEP-16]', async () => {
    const { run, clock } = setup((ctx) => ctx.sleep('s', 3_000_000_000))
    await run()
    expect(clock.monotonic()).toBeGreaterThanOrEqual(3_000_000_000)
  })

  test('times that are none are validation/options', async () => {
    for (const ms of [-1, Number.NaN, undefined, 'soon']) {
      expect(await failureOf(setup((ctx) => ctx.sleep('s', ms as never)).run())).toMatchObject({
        code: 'validation/options',
      })
    }
    expect(await failureOf(setup((ctx) => ctx.wait('s', { timeoutMs: -1 })).run())).toMatchObject({
      code: 'validation/options',
    })
  })
})

describe('a process that lost its lease', () => {
  test('stops with run/fenced and writes nothing more', async () => {
    const { run, clock, shared, harness } = setup(
      async (ctx) => {
        await ctx.step('one', async () => {
          await new Promise((resolve) => setImmediate(resolve))
          const lease = await shared.leases.get('session/s')
          await shared.leases.release('session/s', lease?.token ?? 0)
        })
        return ctx.step('two', () => 2)
      },
      { store: (store) => mortalStore(store) },
    )
    expect(await failureOf(run())).toMatchObject({ code: 'run/fenced' })
    expect((await harness.runs.get('r'))?.state).toBe('running')
    expect(clock.timers).toEqual([])
  })
})
