import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineWorkflow } from '../src/index.ts'
import { PortError, type Model } from '../src/ports/index.ts'
import { collect, failureOf, only } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn } from './fixtures/mortal-store.ts'
import { says, scriptedModel, type Turn } from './fixtures/scripted-model.ts'

const hour = 3_600_000
const limited = (retryAfterMs = hour): PortError =>
  new PortError({ code: 'model/rate-limit', message: 'no', retryable: true, meta: { retryAfterMs } })

/** Two agents beside each other, and a step and a wait beside an agent. */
function world() {
  const clock = manualPlatform()
  const store = storeOn(clock)
  const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.' })
  const other = defineAgent({ name: 'other', model: 'second', instructions: 'Help.' })
  const worked: string[] = []
  const both = defineWorkflow({
    name: 'both',
    input: z.string(),
    output: z.unknown(),
    agents: { agent, other },
    run: async (ctx, input) =>
      Promise.all([
        ctx.agents.agent(input),
        ctx.agents.other(input).then((text) => ctx.step('after', () => (worked.push(text), text))),
      ]),
  })
  const waiting = defineWorkflow({
    name: 'waiting',
    input: z.string(),
    output: z.unknown(),
    agents: { agent },
    run: async (ctx, input) => Promise.all([ctx.agents.agent(input), ctx.wait('go')]),
  })
  const harnessOf = (process: string, model: Model, retry: object = {}, second: Model = model) =>
    defineHarness({
      name: 'test',
      models: { main: { model, retry: { longRetry: 'defer', ...retry } }, second },
      agents: { agent },
      workflows: { both, waiting },
      platform: clock.process(process),
      store: mortalStore(store),
    })
  return { clock, store, harnessOf, worked }
}

function setup(script: readonly Turn[], retry: object = {}, second: readonly Turn[] = []) {
  const { harnessOf, ...rest } = world()
  const model = scriptedModel(script)
  const harness = harnessOf('process-1', model, retry, scriptedModel(second))
  return { ...rest, harnessOf, model, harness }
}

describe('longRetry: defer', () => {
  it('says in whole milliseconds when the run is due', async () => {
    const noTime = new PortError({ code: 'model/server', message: 'no', retryable: true })
    const { harness, clock } = setup([noTime, says('ok')], {
      maxWaitMs: 10,
      minDelayMs: 333,
      maxDelayMs: 777,
    })
    const session = await harness.getSession('s')
    await session.agents.agent.start('go', { durable: { runId: 'r' } })
    await clock.advance(100)
    expect((await harness.runs.get('r'))?.dueAt).toSatisfy(Number.isInteger)
  })

  it('suspends the run until the time that the provider asked for [MOD-13]', async () => {
    const { harness, clock, model } = setup([limited(), says('ok')])
    const session = await harness.getSession('s')
    const handle = await session.agents.agent.start('go', { durable: { runId: 'r' } })
    await clock.advance(100)
    expect(await harness.runs.get('r')).toMatchObject({
      state: 'suspended',
      suspendReason: 'deferred',
      dueAt: 1_700_000_000_000 + hour,
    })
    expect(model.requests).toHaveLength(1)
    await clock.advance(hour - 101)
    expect(model.requests).toHaveLength(1)
    expect(await clock.until(handle.result)).toBe('ok')
    const events = await collect(harness.runs.events('r'))
    expect(events.find((event) => event.type === 'step.retried')).toMatchObject({
      attempt: 1,
      delayMs: hour,
      dueAt: 1_700_000_000_000 + hour,
    })
    expect(events.find((event) => event.type === 'run.suspended')).toMatchObject({
      reason: 'deferred',
      waits: [],
      parked: [{ key: 'model-1', reason: 'deferred', dueAt: 1_700_000_000_000 + hour }],
    })
    expect(events.find((event) => event.type === 'model.finished')).toMatchObject({ attempt: 2 })
  })

  it('fails at once without it', async () => {
    const { harness, clock } = setup([limited()], { longRetry: 'fail' })
    const session = await harness.getSession('s')
    expect(await failureOf(clock.until(session.agents.agent.run('go')))).toMatchObject({
      code: 'model/rate-limit',
      meta: { retryAfterMs: hour },
    })
  })

  it('refuses another word', () => {
    expect(() => setup([], { longRetry: 'later' })).toThrow('retry.longRetry')
  })

  it('keeps the count of attempts over restarts', async () => {
    const { harness, harnessOf, clock } = setup([limited()], { maxAttempts: 2 })
    const session = await harness.getSession('s')
    await session.agents.agent.start('go', { durable: { runId: 'r' } })
    await clock.advance(100)
    await harness.shutdown()
    await clock.advance(hour)
    const last = scriptedModel([limited(), says('one too many')])
    const second = harnessOf('process-2', last, { maxAttempts: 2 })
    const resumed = only((await second.runs.recover()).resumed)
    expect(await failureOf(clock.until(resumed.result))).toMatchObject({ code: 'model/rate-limit' })
    expect(last.requests).toHaveLength(1)
  })

  it('is due for a worker, and not before its time', async () => {
    const { harness, harnessOf, clock } = setup([limited()])
    const session = await harness.getSession('s')
    await session.agents.agent.start('go', { durable: { runId: 'r' } })
    await clock.advance(100)
    await harness.shutdown()
    const next = scriptedModel([says('ok')])
    const second = harnessOf('process-2', next)
    expect((await second.runs.recover()).resumed).toEqual([])
    const worker = second.worker({ pollMs: 1_000 })
    await clock.advance(hour / 2)
    expect(next.requests).toHaveLength(0)
    await clock.advance(hour / 2 + 2_000)
    await worker.stop()
    expect(await second.runs.get('r')).toMatchObject({ state: 'succeeded' })
  })

  it('suspends again when it is resumed before its time', async () => {
    const { harness, harnessOf, clock } = setup([limited()])
    const session = await harness.getSession('s')
    await session.agents.agent.start('go', { durable: { runId: 'r' } })
    await clock.advance(100)
    await harness.shutdown()
    const next = scriptedModel([says('ok')])
    const second = harnessOf('process-2', next)
    const handle = await second.runs.resume('r')
    await clock.advance(100)
    expect(next.requests).toHaveLength(0)
    expect(await second.runs.get('r')).toMatchObject({
      state: 'suspended',
      attempt: 2,
      dueAt: 1_700_000_000_000 + hour,
    })
    expect(await clock.until(handle.result)).toBe('ok')
  })

  it('lets the other branches go on first', async () => {
    const { harness, clock, worked } = setup([limited(), says('late')], {}, [says('early')])
    const session = await harness.getSession('s')
    const handle = await session.workflows.both.start('go', { durable: { runId: 'r' } })
    await clock.advance(200)
    expect(worked).toEqual(['early'])
    expect(await harness.runs.get('r')).toMatchObject({ state: 'suspended', suspendReason: 'deferred' })
    expect(await clock.until(handle.result)).toEqual(['late', 'early'])
    expect(worked).toEqual(['early'])
  })

  it('goes on at its time while a wait is still open, which then is what the run waits for', async () => {
    const { harness, clock, model } = setup([limited(), says('late')])
    const session = await harness.getSession('s')
    const handle = await session.workflows.waiting.start('go', { durable: { runId: 'r' } })
    await clock.advance(200)
    const before = await harness.runs.get('r')
    expect(before).toMatchObject({ state: 'suspended', suspendReason: 'waiting' })
    expect(before?.dueAt).toBe(1_700_000_000_000 + hour)
    await clock.advance(hour + 200)
    expect(model.requests).toHaveLength(2)
    expect(await harness.runs.get('r')).toMatchObject({ state: 'suspended', suspendReason: 'waiting' })
    expect((await harness.runs.get('r'))?.dueAt).toBeUndefined()
    await harness.runs.signal('r', 'go', 1)
    expect(await clock.until(handle.result)).toEqual(['late', 1])
  })

  it('takes a signal for a wait while it is parked', async () => {
    const { harness, clock, model } = setup([limited(), says('late')])
    const session = await harness.getSession('s')
    const handle = await session.workflows.waiting.start('go', { durable: { runId: 'r' } })
    await clock.advance(200)
    await harness.runs.signal('r', 'go', 1)
    await clock.advance(200)
    expect(await harness.runs.get('r')).toMatchObject({ state: 'suspended', suspendReason: 'deferred' })
    expect(model.requests).toHaveLength(1)
    expect(await clock.until(handle.result)).toEqual(['late', 1])
  })

  it('ends with a cancel, and no timer is left', async () => {
    const { harness, clock, model } = setup([limited()])
    const session = await harness.getSession('s')
    const handle = await session.agents.agent.start('go', { durable: { runId: 'r' } })
    await clock.advance(20)
    // Still within the grace: parked in a living attempt.
    expect(await harness.runs.get('r')).toMatchObject({ state: 'running' })
    await harness.runs.cancel('r')
    expect(await failureOf(clock.until(handle.result))).toMatchObject({ code: 'run/cancelled' })
    expect(model.requests).toHaveLength(1)
    expect(clock.timers).toEqual([])
  })

  it('ends with the deadline of the run', async () => {
    const { harness, clock } = setup([limited()])
    const session = await harness.getSession('s')
    const failed = failureOf(session.agents.agent.run('go', { timeoutMs: 30 }))
    expect(await clock.until(failed)).toMatchObject({ code: 'operation/timeout', meta: { scope: 'run' } })
    expect(clock.timers).toEqual([])
  })

  it('counts the active time anew after the wait', async () => {
    const { harness, clock, model } = setup(
      [limited(15_000), limited(15_000), limited(15_000), limited(15_000), limited(15_000), says('ok')],
      { maxAttempts: 10, maxActiveMs: 40_000 },
    )
    const session = await harness.getSession('s')
    expect(await clock.until(session.agents.agent.run('go'))).toBe('ok')
    expect(model.requests).toHaveLength(6)
  })
})
