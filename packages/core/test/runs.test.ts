import { describe, expect, test } from 'vitest'
import { collect, failureOf } from './fixtures/collect.ts'
import { mortalStore } from './fixtures/mortal-store.ts'
import { recordingLogger } from './fixtures/recording-logger.ts'
import { waitingHarness } from './fixtures/waiting-harness.ts'

async function setup(init: Parameters<typeof waitingHarness>[0] = {}) {
  const world = waitingHarness(init)
  const session = await world.harness.getSession('s')
  return { ...world, session }
}
type World = Awaited<ReturnType<typeof setup>>
const durable = { runId: 'r' }

/** A run of a process that dies while a step of it executes. */
async function orphan({ clock, store, harnessOf }: World, options: object = { durable }, owner = 'dying') {
  const dying = mortalStore(store)
  const session = await harnessOf({ owner, store: dying }).getSession('s')
  const { id } = await session.workflows.hold.start(null, options)
  await clock.settle()
  dying.die()
  clock.dead.add(owner)
  return id
}

describe('the same run id again', () => {
  test('of a live run joins it', async () => {
    const { session, clock, outside } = await setup()
    const first = await session.workflows.hold.start(null, { durable })
    const second = await session.workflows.hold.start(null, { durable })
    await clock.settle()
    outside.release()
    expect(await clock.until(Promise.all([first.result, second.result]))).toEqual(['released', 'released'])
    expect(outside.ran['hold']).toBe(1)
  })

  test('of a run that a living process executes is run/leased with the expiry [RUN-4]', async () => {
    const { session, harnessOf, clock } = await setup()
    await session.workflows.hold.start(null, { durable })
    const other = await harnessOf({ owner: 'other' }).getSession('s')
    expect(await failureOf(other.workflows.hold.run(null, { durable }))).toMatchObject({
      code: 'run/leased',
      retryable: true,
      meta: { runId: 'r', expiresAt: clock.now() + 10_000 },
    })
  })

  test('of a run whose owner died resumes it with attempt + 1 [RUN-5, RUN-6]', async () => {
    const world = await setup()
    await orphan(world)
    const handle = await world.session.workflows.hold.start(null, { durable })
    await world.clock.settle()
    expect((await world.harness.runs.get('r'))?.attempt).toBe(2)
    world.outside.release()
    expect(await world.clock.until(handle.result)).toBe('released')
  })

  test('of a failed run resumes it: what is recorded does not run again [RUN-5, RUN-6]', async () => {
    const { session, clock, outside, harness } = await setup()
    await expect(clock.until(session.workflows.fail.run(1, { durable }))).rejects.toThrow('bad luck')
    outside.failing = false
    expect(await clock.until(session.workflows.fail.run(1, { durable }))).toBe('lucky')
    expect(outside.ran).toEqual({ before: 1, risky: 2 })
    expect(await harness.runs.get('r')).toMatchObject({ state: 'succeeded', attempt: 2 })
  })

  test('of a suspended run goes on with it', async () => {
    const { session, clock, harness } = await setup()
    await session.workflows.wait.start(1, { durable })
    await clock.advance(1_000)
    const again = await session.workflows.wait.start(1, { durable })
    await harness.runs.signal('r', 'go', 5)
    expect(await clock.until(again.result)).toBe(5)
  })

  test('of a succeeded run gives the stored output and executes nothing [RUN-7]', async () => {
    const { session, outside, harnessOf } = await setup()
    await session.workflows.quick.run({ a: 1 }, { durable })
    expect(await session.workflows.quick.run({ a: 1 }, { durable })).toEqual({ a: 1 })
    const other = await harnessOf({ owner: 'other' }).getSession('s')
    expect(await other.workflows.quick.run({ a: 1 }, { durable })).toEqual({ a: 1 })
    expect(outside.ran).toEqual({ quick: 1 })
  })

  test('of a cancelled run is run/cancelled [RUN-8]', async () => {
    const { session, harness, clock } = await setup()
    await session.workflows.wait.start(1, { durable })
    await clock.advance(1_000)
    await clock.until(harness.runs.cancel('r', { reason: 'no more' }))
    expect(await failureOf(session.workflows.wait.run(1, { durable }))).toMatchObject({
      code: 'run/cancelled',
      meta: { runId: 'r' },
    })
  })

  test('with another session, input, target or version is run/conflict, and nothing is shown [RUN-9, RUN-10]', async () => {
    const { session, harness, harnessOf, outside } = await setup()
    await session.workflows.quick.run('secret', { durable })
    const other = await harness.getSession('other')
    const newer = await harnessOf({ version: '2' }).getSession('s')
    const attempts = [
      other.workflows.quick.run('secret', { durable }),
      session.workflows.quick.run('else', { durable }),
      session.workflows.fail.run('secret', { durable }),
      newer.workflows.quick.run('secret', { durable }),
    ]
    for (const attempt of attempts) {
      const error = await failureOf(attempt)
      expect(error).toMatchObject({ code: 'run/conflict', meta: { runId: 'r' } })
      expect(JSON.stringify([error.message, error.meta])).not.toMatch(/secret|quick/)
    }
    expect(outside.ran).toEqual({ quick: 1 })
  })
})

describe('runs.get and runs.list', () => {
  test('show where a run stands [RUN-11, STEP-10]', async () => {
    const { session, harness, clock } = await setup()
    await session.workflows.sleep.start(1, { durable })
    await clock.advance(1_000)
    const startedAt = clock.now() - 1_000
    expect(await harness.runs.get('r')).toEqual({
      runId: 'r',
      sessionId: 's',
      kind: 'workflow',
      name: 'sleep',
      version: '1',
      state: 'suspended',
      suspendReason: 'waiting',
      attempt: 1,
      startedAt,
      updatedAt: startedAt + 60,
      dueAt: startedAt + 60_000,
    })
    expect(await harness.runs.get('nothing')).toBeUndefined()
  })

  test('page by id in lexical order [RUN-11]', async () => {
    const { session, harness } = await setup()
    for (const runId of ['b', 'a10', 'a2', 'a1', 'c'])
      await session.workflows.quick.run(1, { durable: { runId } })
    const ids = async (filter: object) => (await harness.runs.list(filter)).map((run) => run.runId)
    expect(await ids({})).toEqual(['a1', 'a10', 'a2', 'b', 'c'])
    expect(await ids({ limit: 2 })).toEqual(['a1', 'a10'])
    expect(await ids({ limit: 2, after: 'a10' })).toEqual(['a2', 'b'])
    expect(await ids({ after: 'c' })).toEqual([])
  })

  test('list by session and state [RUN-11]', async () => {
    const { session, harness, clock } = await setup()
    const other = await harness.getSession('other')
    await session.workflows.quick.run(1, { durable: { runId: 'a' } })
    await other.workflows.quick.run(1, { durable: { runId: 'b' } })
    await expect(clock.until(other.workflows.fail.run(1, { durable: { runId: 'c' } }))).rejects.toThrow()
    const ids = async (filter: object) => (await harness.runs.list(filter)).map((run) => run.runId)
    expect(await ids({ sessionId: 'other' })).toEqual(['b', 'c'])
    expect(await ids({ sessionId: 'other', states: ['failed'] })).toEqual(['c'])
    expect(await ids({ states: ['suspended'] })).toEqual([])
  })

  test('a limit that is not valid is refused', async () => {
    const { harness } = await setup()
    expect(await failureOf(harness.runs.list({ limit: 0 }))).toMatchObject({ code: 'validation/options' })
  })
})

describe('runs.cancel', () => {
  test('ends a run that executes here [RUN-12]', async () => {
    const { session, harness, clock } = await setup({ logger: recordingLogger() })
    const handle = await session.workflows.hold.start(null, { durable })
    await clock.settle()
    await harness.runs.cancel('r', { reason: 'enough' })
    expect(await failureOf(clock.until(handle.result))).toMatchObject({
      code: 'run/cancelled',
      meta: { reason: 'enough' },
    })
  })

  test('ends a suspended run [RUN-12]', async () => {
    const { session, harness, clock } = await setup()
    const handle = await session.workflows.wait.start(null, { durable })
    await clock.advance(1_000)
    await clock.until(harness.runs.cancel('r'))
    expect(await failureOf(clock.until(handle.result))).toMatchObject({ code: 'run/cancelled' })
    expect(await session.workflows.quick.run(1)).toBe(1)
  })

  test('ends an orphan, also one whose code is gone [RUN-12]', async () => {
    const world = await setup()
    await orphan(world)
    const other = world.harnessOf({ owner: 'other', names: ['quick'] })
    await world.clock.until(other.runs.cancel('r'))
    expect((await other.runs.get('r'))?.state).toBe('cancelled')
    expect(world.outside.ran).toEqual({ hold: 1 })
  })

  test('is refused for a run that is unknown or has ended', async () => {
    const { session, harness } = await setup()
    expect(await failureOf(harness.runs.cancel('r'))).toMatchObject({ code: 'run/not-found' })
    await session.workflows.quick.run(1, { durable })
    expect(await failureOf(harness.runs.cancel('r'))).toMatchObject({
      code: 'run/ended',
      meta: { state: 'succeeded' },
    })
  })

  test('with the same command id again is recorded once', async () => {
    const { session, harness, clock, store } = await setup()
    await session.workflows.wait.start(null, { durable })
    await clock.advance(1_000)
    await clock.until(harness.runs.cancel('r', { commandId: 'c1' }))
    await harness.runs.cancel('r', { commandId: 'c1' })
    expect(await store.journal.read('inbox/r')).toMatchObject([
      { type: 'command.cancel', data: { commandId: 'c1' } },
    ])
  })

  test('logs once at warn, and a failure once at error [RUN-21]', async () => {
    const logger = recordingLogger()
    const { session, harness, clock } = await setup({ logger })
    await session.workflows.wait.start(null, { durable })
    await clock.advance(1_000)
    await clock.until(harness.runs.cancel('r'))
    await expect(clock.until(session.workflows.fail.run(1))).rejects.toThrow()
    expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'run cancelled'],
      ['error', 'run failed'],
    ])
    expect(logger.lines[0]?.fields).toMatchObject({ harness: 'test', runId: 'r', sessionId: 's' })
  })
})

describe('runs.list', () => {
  test.each([[['done']], ['failed'], [[7]]])(
    'refuses %j as states, which no run would ever have',
    async (states) => {
      const { harness } = await setup()
      expect(await failureOf(harness.runs.list({ states: states as never }))).toMatchObject({
        code: 'validation/options',
        meta: { field: 'states' },
      })
    },
  )
})

describe('the reason of a cancel', () => {
  test.each([7, '\ud800', 'x'.repeat(1_001)])('is a short text that can be stored', async (reason) => {
    const { session, harness, clock } = await setup()
    const handle = await session.workflows.wait.start(1, { durable })
    await clock.advance(1_000)
    const refused = { code: 'validation/options', meta: { field: 'reason' } }
    expect(await failureOf(harness.runs.cancel('r', { reason: reason as string }))).toMatchObject(refused)
    expect(await failureOf(handle.cancel(reason as string))).toMatchObject(refused)
    expect(await harness.runs.get('r')).toMatchObject({ state: 'suspended' })
  })
})

describe('runs.signal', () => {
  test.each([undefined, '', 7])('refuses %j as the name of a wait', async (name) => {
    const { session, harness, clock } = await setup()
    await session.workflows.wait.start(1, { durable: { runId: 'r' } })
    await clock.settle()
    expect(await failureOf(harness.runs.signal('r', name as string, 1))).toMatchObject({
      code: 'validation/options',
      meta: { field: 'name' },
    })
  })

  test('before or after the wait opens [STEP-13]', async () => {
    const { session, harness, clock } = await setup()
    const first = await session.workflows.wait.start(1, { durable })
    await harness.runs.signal('r', 'go', 1)
    expect(await clock.until(first.result)).toBe(1)
    const second = await session.workflows.wait.start(1, { durable: { runId: 'r2' } })
    await clock.advance(1_000)
    await harness.runs.signal('r2', 'go', 2)
    expect(await clock.until(second.result)).toBe(2)
  })

  test('a value that does not fit leaves the wait open [STEP-10, STEP-15]', async () => {
    const { session, harness, clock } = await setup()
    const handle = await session.workflows.wait.start(1, { durable })
    await clock.advance(1_000)
    await harness.runs.signal('r', 'go', 'text')
    await clock.advance(1_000)
    expect((await harness.runs.get('r'))?.state).toBe('suspended')
    await harness.runs.signal('r', 'go', 3)
    expect(await clock.until(handle.result)).toBe(3)
    expect(
      (await collect(harness.runs.events('r'))).filter((event) => event.type === 'signal.rejected'),
    ).toHaveLength(1)
  })

  test('is refused for an unknown and for an ended run', async () => {
    const { session, harness } = await setup()
    expect(await failureOf(harness.runs.signal('r', 'go', 1))).toMatchObject({ code: 'run/not-found' })
    await session.workflows.quick.run(1, { durable })
    expect(await failureOf(harness.runs.signal('r', 'go', 1))).toMatchObject({ code: 'run/ended' })
  })

  test('a command id counts once, and with other content it is refused [STEP-14]', async () => {
    const { session, harness, clock } = await setup()
    await session.workflows.hold.start(1, { durable })
    await harness.runs.signal('r', 'go', 1, { commandId: 'c' })
    await harness.runs.signal('r', 'go', 1, { commandId: 'c' })
    expect(await failureOf(harness.runs.signal('r', 'go', 2, { commandId: 'c' }))).toMatchObject({
      code: 'validation/options',
    })
    expect(await failureOf(harness.runs.signal('r', 'go', 2, { commandId: 'a b' }))).toMatchObject({
      code: 'validation/options',
    })
    await clock.settle()
  })
})

describe('runs.resume', () => {
  test('goes on with an orphan and with a failed run [RUN-13]', async () => {
    const world = await setup()
    await orphan(world)
    const handle = await world.harness.runs.resume('r')
    await world.clock.settle()
    world.outside.release()
    expect(await world.clock.until(handle.result)).toBe('released')
    await expect(
      world.clock.until(world.session.workflows.fail.run(1, { durable: { runId: 'f' } })),
    ).rejects.toThrow()
    world.outside.failing = false
    expect(await world.clock.until((await world.harness.runs.resume('f')).result)).toBe('lucky')
  })

  test('is refused for an unknown run and for code that is not there', async () => {
    const { session, harness, clock, harnessOf } = await setup()
    expect(await failureOf(harness.runs.resume('r'))).toMatchObject({ code: 'run/not-found' })
    await expect(clock.until(session.workflows.fail.run(1, { durable }))).rejects.toThrow()
    expect(await failureOf(harnessOf({ version: '2' }).runs.resume('r'))).toMatchObject({
      code: 'run/conflict',
    })
  })

  test('is run/not-resumable for a failure that no step recorded', async () => {
    const { session, harness, clock } = await setup()
    await failureOf(clock.until(session.workflows.hold.run(1, { durable, timeoutMs: 100 })))
    expect(await failureOf(harness.runs.resume('r'))).toMatchObject({ code: 'run/not-resumable' })
  })
})

describe('runs.events', () => {
  test('gives the events after a position and ends after the end [EVT-1, EVT-2, EVT-5, EVT-24]', async () => {
    const { session, harness } = await setup()
    await session.workflows.quick.run(1, { durable })
    const events = await collect(harness.runs.events('r'))
    expect(events.map((event) => event.type)).toEqual(['run.started', 'step.finished', 'run.finished'])
    expect(await collect(harness.runs.events('r', { after: 1 }))).toEqual(events.slice(1))
  })

  test('ends at once for whoever begins after the last event, and for a run that does not exist', async () => {
    const { session, harness } = await setup()
    const handle = await session.workflows.quick.start(1, { durable })
    await handle.result
    expect(await collect(harness.runs.events('r', { after: 3 }))).toEqual([])
    expect(await collect(handle.events({ after: 3 }))).toEqual([])
    expect(await collect(harness.runs.events('nothing'))).toEqual([])
  })

  test('refuses a position that is none', async () => {
    const { harness } = await setup()
    expect(() => harness.runs.events('r', { after: -1 })).toThrow(/after/)
  })
})

test('the in-memory store keeps the newest 1,000 finished runs and no more', async () => {
  const { session, harness } = await setup()
  for (let index = 0; index < 1_005; index++) {
    await session.workflows.quick.run(1, { durable: { runId: `r${String(index).padStart(4, '0')}` } })
  }
  const kept = [
    ...(await harness.runs.list({ limit: 1_000 })),
    ...(await harness.runs.list({ after: 'r1004' })),
  ]
  expect(kept).toHaveLength(1_000)
  expect(kept[0]?.runId).toBe('r0005')
})
