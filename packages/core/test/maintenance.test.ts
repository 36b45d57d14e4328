import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  defineAgent,
  defineHarness,
  defineWorkflow,
  inMemoryStore,
  type WorkflowContext,
} from '../src/index.ts'
import { PortError, type Store } from '../src/ports/index.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn } from './fixtures/mortal-store.ts'
import { recordingLogger } from './fixtures/recording-logger.ts'
import { says, scriptedModel } from './fixtures/scripted-model.ts'
import { waitingHarness } from './fixtures/waiting-harness.ts'

async function setup(init: Parameters<typeof waitingHarness>[0] = {}) {
  const world = waitingHarness(init)
  const session = await world.harness.getSession('s')
  return { ...world, session }
}
type World = Awaited<ReturnType<typeof setup>>

async function orphan(
  { clock, store, harnessOf }: World,
  options: { runId?: string; owner?: string; sessionId?: string } = {},
) {
  const { runId, owner = 'dying', sessionId = 's' } = options
  const dying = mortalStore(store)
  const session = await harnessOf({ owner, store: dying }).getSession(sessionId)
  const { id } = await session.workflows.hold.start(null, runId === undefined ? {} : { durable: { runId } })
  await clock.settle()
  dying.die()
  clock.dead.add(owner)
  return id
}

const bigText = 'x'.repeat(70_000)

describe('runs.fork', () => {
  test('of a failed run goes on before the failure and pays for nothing before it [RUN-14]', async () => {
    const { session, harness, clock, outside } = await setup()
    await expect(clock.until(session.workflows.fail.run(1, { durable: { runId: 'r' } }))).rejects.toThrow()
    outside.failing = false
    const fork = await harness.runs.fork('r', { runId: 'f' })
    expect(await clock.until(fork.result)).toBe('lucky')
    expect(outside.ran).toEqual({ before: 1, risky: 2 })
    expect(await harness.runs.get('r')).toMatchObject({ state: 'failed' })
    expect(await harness.runs.get('f')).toMatchObject({ state: 'succeeded', sessionId: 'fork:f' })
  })

  test('at a position keeps what stands up to it [RUN-14]', async () => {
    const { session, harness, clock, outside } = await setup()
    await expect(clock.until(session.workflows.fail.run(1, { durable: { runId: 'r' } }))).rejects.toThrow()
    outside.failing = false
    await clock.until((await harness.runs.fork('r', { at: 1 })).result)
    expect(outside.ran).toEqual({ before: 2, risky: 2 })
  })

  test('of a succeeded run runs what was not kept again', async () => {
    const { session, harness, clock, outside } = await setup()
    await session.workflows.quick.run(7, { durable: { runId: 'r' } })
    expect(await clock.until((await harness.runs.fork('r')).result)).toBe(7)
    expect(outside.ran).toEqual({ quick: 1 })
    expect(await failureOf(harness.runs.fork('r', { at: 3 }))).toMatchObject({
      code: 'validation/options',
      meta: { field: 'at' },
    })
  })

  test('refuses ids that are not valid or taken, and a busy session, and writes nothing then', async () => {
    const { session, harness, clock } = await setup()
    await session.workflows.quick.run(7, { durable: { runId: 'r' } })
    expect(await failureOf(harness.runs.fork('nothing'))).toMatchObject({ code: 'run/not-found' })
    expect(await failureOf(harness.runs.fork('r', { runId: 'a b' }))).toMatchObject({
      code: 'validation/options',
    })
    expect(await failureOf(harness.runs.fork('r', { runId: 'r' }))).toMatchObject({ code: 'run/conflict' })
    await session.workflows.wait.start(1, { durable: { runId: 'w' } })
    await clock.advance(1_000)
    expect(await failureOf(harness.runs.fork('r', { runId: 'f', sessionId: 's' }))).toMatchObject({
      code: 'session/busy',
      meta: { runId: 'w' },
    })
    expect(await harness.runs.get('f')).toBeUndefined()
  })

  test('in a new session has the conversation that the run had seen', async () => {
    const model = scriptedModel([says('1'), new PortError({ code: 'model/auth', message: 'no' }), says('2')])
    const agent = defineAgent({ name: 'a', model: 'm', instructions: 'x' })
    const harness = defineHarness({ name: 'test', models: { m: model }, agents: { agent } })
    const session = await harness.getSession('s')
    await session.agents.agent.run('first')
    await failureOf(session.agents.agent.run('second', { durable: { runId: 'r' } }))
    const fork = await harness.runs.fork('r', { runId: 'f' })
    expect(await fork.result).toBe('2')
    expect(model.requests[2]).toEqual(model.requests[1])
    const forked = await (await harness.getSession('fork:f')).history.list()
    expect(forked).toHaveLength(4)
  })
})

describe('runs.recover', () => {
  test('resumes a recoverable run whose owner died [RUN-15]', async () => {
    const world = await setup()
    await orphan(world, { runId: 'r' })
    const result = await world.harness.runs.recover()
    expect(result).toMatchObject({ resumed: [{ id: 'r' }], abandoned: [], poisoned: [], skipped: [] })
    await world.clock.settle()
    world.outside.release()
    expect(
      await world.clock.until(result.resumed[0]?.result ?? Promise.reject(new Error('nothing was resumed'))),
    ).toBe('released')
  })

  test('closes an orphan that was not durable as run/abandoned', async () => {
    const world = await setup()
    const id = await orphan(world)
    expect(await world.harness.runs.recover()).toMatchObject({ resumed: [], abandoned: [id] })
    expect(await world.harness.runs.get(id)).toMatchObject({ state: 'failed', errorCode: 'run/abandoned' })
    expect(await world.session.workflows.quick.run(1)).toBe(1)
  })

  test('so does the next start in its session', async () => {
    const world = await setup()
    const id = await orphan(world)
    expect(await world.session.workflows.quick.run(1)).toBe(1)
    expect(await world.harness.runs.get(id)).toMatchObject({ errorCode: 'run/abandoned' })
  })

  test('goes on with waits that are due or were answered, and leaves the others [RUN-15]', async () => {
    const { clock, harnessOf, store } = await setup()
    const first = harnessOf({ owner: 'a', store: mortalStore(store) })
    for (const [name, id] of [
      ['sleep', 'due'],
      ['wait', 'answered'],
      ['wait', 'other'],
      ['wait', 'open'],
    ] as const) {
      await (await first.getSession(id)).workflows[name].start(1, { durable: { runId: id } })
    }
    await clock.advance(1_000)
    await first.shutdown()
    const second = harnessOf({ owner: 'b' })
    await second.runs.signal('answered', 'go', 1)
    await second.runs.signal('other', 'not-asked-for', 1)
    await clock.advance(60_000)
    const { resumed, skipped } = await second.runs.recover()
    expect(resumed.map(({ id }) => id).toSorted()).toEqual(['answered', 'due'])
    expect(skipped).toEqual([])
    await clock.until(Promise.all(resumed.map((handle) => handle.result)))
    expect((await second.runs.recover()).resumed).toEqual([])
    expect((await second.runs.get('other'))?.attempt).toBe(1)
  })

  test('skips runs whose code is not there or that are held elsewhere', async () => {
    const world = await setup()
    await orphan(world, { runId: 'r' })
    expect(await world.harnessOf({ owner: 'x', names: ['quick'] }).runs.recover()).toMatchObject({
      skipped: ['r'],
      resumed: [],
    })
    expect(await world.harnessOf({ owner: 'x', version: '2' }).runs.recover()).toMatchObject({
      skipped: ['r'],
    })
    world.clock.dead.clear()
    expect(await world.harness.runs.recover()).toMatchObject({ skipped: ['r'], resumed: [] })
    expect((await world.harness.runs.get('r'))?.attempt).toBe(1)
  })

  test('sets a run aside as poisoned after five owners in a row recorded nothing, which is resumed by hand alone', async () => {
    const world = await setup()
    await orphan(world, { runId: 'r' })
    for (let attempt = 2; attempt <= 6; attempt++) {
      const dying = mortalStore(world.store)
      const owner = `dying-${attempt}`
      const { resumed } = await world.harnessOf({ owner, store: dying }).runs.recover()
      expect(resumed).toHaveLength(1)
      await world.clock.settle()
      dying.die()
      world.clock.dead.add(owner)
    }
    expect(await world.harness.runs.recover()).toMatchObject({ poisoned: ['r'], resumed: [] })
    expect(await world.harness.runs.get('r')).toMatchObject({ state: 'suspended', suspendReason: 'poisoned' })
    expect(await world.harness.runs.recover()).toMatchObject({ poisoned: [], resumed: [] })
    const handle = await world.harness.runs.resume('r')
    await world.clock.settle()
    world.outside.release()
    expect(await world.clock.until(handle.result)).toBe('released')
  })

  test('one run that cannot go on does not keep the others from it', async () => {
    const logger = recordingLogger()
    const world = await setup()
    await orphan(world, { runId: 'a', owner: 'd1', sessionId: 'a' })
    await orphan(world, { runId: 'b', owner: 'd2', sessionId: 'b' })
    const store = mortalStore(world.store, (batch) => {
      const streams = (batch.entries ?? []).map((part) => part.stream)
      if (streams.includes('run/a')) throw new Error('this one is bad')
    })
    const result = await world.harnessOf({ owner: 'x', store, logger }).runs.recover()
    expect(result).toMatchObject({ skipped: ['a'], resumed: [{ id: 'b' }] })
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { runId: 'a' } }])
    await world.clock.settle()
  })
})

describe('runs.prune', () => {
  test('removes finished runs with their blobs after the grace; suspended and running ones never [RUN-23, RUN-24]', async () => {
    const { session, harness, clock } = await setup()
    await session.workflows.quick.run(bigText, { durable: { runId: 'done' } })
    const other = await harness.getSession('other')
    await expect(clock.until(other.workflows.fail.run(1, { durable: { runId: 'failed' } }))).rejects.toThrow()
    await session.workflows.wait.start(bigText, { durable: { runId: 'waiting' } })
    await other.workflows.hold.start(bigText.slice(1), { durable: { runId: 'running' } })
    await clock.advance(1_000)
    expect(await harness.runs.prune({ olderThan: 0 })).toMatchObject({ runs: 2, blobs: 0, blobBytes: 0 })
    expect((await harness.runs.list()).map((run) => run.runId)).toEqual(['running', 'waiting'])
    expect(await collect(harness.runs.events('done'))).toEqual([])
    await clock.until(harness.runs.cancel('waiting'))
    await harness.runs.prune({ olderThan: 0 })
    await clock.advance(500_000)
    await clock.advance(3_700_000)
    expect(await harness.runs.prune({ olderThan: 0 })).toMatchObject({ blobs: 2 })
  })

  test('removes by age in milliseconds, counted from the last change [RUN-22]', async () => {
    const { session, harness, clock } = await setup()
    await session.workflows.quick.run(1, { durable: { runId: 'old' } })
    await clock.advance(5_000)
    await session.workflows.quick.run(1, { durable: { runId: 'new' } })
    const removed = async (olderThan: number) => (await harness.runs.prune({ olderThan })).runs
    expect([await removed(5_001), await removed(5_000), await removed(1)]).toEqual([0, 1, 0])
    expect((await harness.runs.list()).map((run) => run.runId)).toEqual(['new'])
    expect(await removed(0)).toBe(1)
  })

  test('removes by status, one or several [RUN-22]', async () => {
    const { session, harness, clock } = await setup()
    await session.workflows.quick.run(1, { durable: { runId: 'succeeded' } })
    await expect(
      clock.until(session.workflows.fail.run(1, { durable: { runId: 'failed' } })),
    ).rejects.toThrow()
    await session.workflows.wait.start(1, { durable: { runId: 'cancelled' } })
    await clock.advance(1_000)
    await clock.until(harness.runs.cancel('cancelled'))
    const left = async (status: 'cancelled' | readonly ('succeeded' | 'failed')[]) => {
      await harness.runs.prune({ olderThan: 0, status })
      return (await harness.runs.list()).map((run) => run.runId)
    }
    expect(await left([])).toEqual(['cancelled', 'failed', 'succeeded'])
    expect(await left('cancelled')).toEqual(['failed', 'succeeded'])
    expect(await left(['failed'])).toEqual(['succeeded'])
    expect(await left(['failed', 'succeeded'])).toEqual([])
  })

  test('keeps a failed run that is resumed at that moment', async () => {
    const { session, harness, clock, harnessOf, outside, store } = await setup()
    await expect(clock.until(session.workflows.fail.run(1, { durable: { runId: 'r' } }))).rejects.toThrow()
    outside.failing = false
    let resumed: Promise<unknown> | undefined
    const journal: Store['journal'] = {
      ...store.journal,
      append: async (batch) => {
        if (batch.drop !== undefined) resumed = (await harness.runs.resume('r')).result
        return store.journal.append(batch)
      },
    }
    const pruning = harnessOf({ owner: 'x', store: { ...store, journal } }).runs.prune({ olderThan: 0 })
    expect(await clock.until(pruning)).toMatchObject({ runs: 0 })
    expect(await clock.until(resumed ?? Promise.reject(new Error('Nothing was dropped.')))).toBe('lucky')
  })

  test('refuses options that are not valid', async () => {
    const { harness } = await setup()
    for (const options of [
      {},
      { olderThan: -1 },
      { olderThan: 0, status: ['running'] },
      { olderThan: 0, status: 'running' },
    ]) {
      expect(await failureOf(harness.runs.prune(options as never))).toMatchObject({
        code: 'validation/options',
      })
    }
  })
})

describe('a worker', () => {
  test('goes on with what it finds until it is stopped [RUN-16]', async () => {
    const world = await setup()
    await orphan(world, { runId: 'r' })
    const worker = world.harness.worker({ pollMs: 500 })
    await world.clock.settle()
    world.outside.release()
    await world.clock.settle()
    expect((await world.harness.runs.get('r'))?.state).toBe('succeeded')
    await orphan(world, { runId: 'r2', owner: 'dying-2' })
    await world.clock.advance(499)
    expect((await world.harness.runs.get('r2'))?.attempt).toBe(1)
    await world.clock.advance(1)
    expect((await world.harness.runs.get('r2'))?.attempt).toBe(2)
    await worker.stop()
    world.outside.release()
    await orphan(world, { runId: 'r3', owner: 'dying-3', sessionId: 'other' })
    await world.clock.advance(5_000)
    expect((await world.harness.runs.get('r3'))?.attempt).toBe(1)
  })

  test('runs at most as many at once as it may [RUN-16]', async () => {
    const world = await setup()
    for (const id of ['a', 'b', 'c']) await orphan(world, { runId: id, owner: `d-${id}`, sessionId: id })
    const worker = world.harness.worker({ concurrency: 2, pollMs: 500 })
    await world.clock.settle()
    const attempts = (await world.harness.runs.list()).map((run) => run.attempt)
    expect(attempts).toEqual([2, 2, 1])
    await worker.stop()
  })

  test('leaves a diverged run alone for a minute', async () => {
    const clock = manualPlatform()
    const store = storeOn(clock)
    const dying = mortalStore(store)
    const twoSteps = async (ctx: WorkflowContext) => {
      await ctx.step('one', () => 1)
      return ctx.step('two', () => new Promise<number>(() => undefined))
    }
    const workflowOf = (run: typeof twoSteps) => ({
      w: defineWorkflow({ name: 'w', input: z.null(), output: z.number(), run }),
    })
    const define = (owner: string, over: Store, run: typeof twoSteps) =>
      defineHarness({
        name: 'test',
        models: {},
        workflows: workflowOf(run),
        store: over,
        platform: clock.process(owner),
      })
    const first = await define('a', dying, twoSteps).getSession('s')
    await first.workflows.w.start(null, { durable: { runId: 'r' } })
    await clock.settle()
    dying.die()
    clock.dead.add('a')
    let attempts = 0
    const counting = mortalStore(store, (batch) => {
      if (batch.entries?.some((part) => part.entries.some((entry) => entry.type === 'run.resumed')))
        attempts++
    })
    const harness = define('b', counting, (ctx) => ctx.step('another', () => 1))
    const worker = harness.worker({ pollMs: 1_000 })
    await clock.advance(11_500)
    expect(attempts).toBe(1)
    await clock.advance(50_000)
    expect(attempts).toBe(1)
    await clock.advance(12_000)
    expect(attempts).toBe(2)
    await worker.stop()
    await harness.shutdown()
  })

  test('refuses options that are not valid, and a harness that was shut down', async () => {
    const { harness } = await setup()
    expect(() => harness.worker({ concurrency: 0 })).toThrow(/concurrency/)
    await harness.shutdown()
    expect(() => harness.worker()).toThrow(/shut down/)
  })
})

test('a store that keeps fewer finished runs says so', () => {
  expect(inMemoryStore({ keepFinishedRuns: 5 }).keepFinishedRuns).toBe(5)
})
