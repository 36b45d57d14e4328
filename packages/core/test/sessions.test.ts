import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { inMemoryStore } from '../src/index.ts'
import type { Message } from '../src/ports/index.ts'
import { collect, failureOf, thrownBy } from './fixtures/collect.ts'
import { mortalStore } from './fixtures/mortal-store.ts'
import { waitingHarness } from './fixtures/waiting-harness.ts'

const hello: Message = { role: 'user', content: [{ type: 'text', text: 'hello' }] }
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

async function setup(init: Parameters<typeof waitingHarness>[0] = {}) {
  const world = waitingHarness(init)
  const session = await world.harness.getSession('s')
  return { ...world, session }
}

describe('getSession', () => {
  test('two calls with one id give the same session [SES-2]', async () => {
    const { harness, session } = await setup()
    expect(await harness.getSession('s')).toBe(session)
    expect(await harness.getSession('t')).not.toBe(session)
  })
  test.each([[''], ['a\u0000b'], ['a'.repeat(181)], [undefined], [7]])('refuses the id %o', async (id) => {
    const { harness } = await setup()
    expect(await failureOf(harness.getSession(id as string))).toMatchObject({ code: 'validation/options' })
  })
  test('a name that is not declared is absent, also one of every object', async () => {
    const { session } = await setup()
    expect((session.workflows as never as Record<string, unknown>)['constructor']).toBeUndefined()
  })
})

describe('a second run', () => {
  test('is session/busy with concurrent_run and the id while one executes, and leaves no timer and no listener [SES-5, SES-7, SES-8]', async () => {
    const { session, clock, outside } = await setup()
    const first = await session.workflows.hold.start(null, { durable: { runId: 'r' } })
    const timers = clock.timers.length
    const { signal } = new AbortController()
    const error = await failureOf(session.workflows.quick.run(null, { signal }))
    expect(error).toMatchObject({
      code: 'session/busy',
      meta: { reason: 'concurrent_run', runId: 'r', sessionId: 's' },
    })
    expect(clock.timers).toHaveLength(timers)
    expect(listeners(signal)).toBe(0)
    await clock.settle()
    outside.release()
    await clock.until(first.result)
  })

  test('is refused with the id also when both are asked for at once [SES-5]', async () => {
    const { session, clock, outside } = await setup()
    const first = session.workflows.hold.start(null, { durable: { runId: 'r' } })
    expect(await failureOf(session.workflows.quick.run(null))).toMatchObject({
      meta: { reason: 'concurrent_run', runId: 'r' },
    })
    await clock.settle()
    outside.release()
    await clock.until((await first).result)
  })

  test('is session/busy with suspended_run while one waits [SES-7]', async () => {
    const { session, clock } = await setup()
    await session.workflows.wait.start(null, { durable: { runId: 'r' } })
    await clock.advance(1_000)
    expect(await failureOf(session.workflows.quick.run(null))).toMatchObject({
      code: 'session/busy',
      meta: { reason: 'suspended_run', runId: 'r' },
    })
  })

  test('is session/busy with orphaned_run when the process of a durable one died [SES-7]', async () => {
    const { clock, store, harnessOf } = await setup()
    const dying = mortalStore(store)
    const first = await harnessOf({ owner: 'a', store: dying }).getSession('s')
    await first.workflows.hold.start(null, { durable: { runId: 'r' } })
    await clock.settle()
    dying.die()
    clock.dead.add('a')
    const second = await harnessOf({ owner: 'b' }).getSession('s')
    expect(await failureOf(second.workflows.quick.run(null))).toMatchObject({
      meta: { reason: 'orphaned_run', runId: 'r' },
    })
  })

  test('is taken after the first has ended', async () => {
    const { session } = await setup()
    await session.workflows.quick.run(1)
    expect(await session.workflows.quick.run(2)).toBe(2)
  })
})

describe('a start that fails', () => {
  test('frees the session and writes no event of a run that never existed [SES-9]', async () => {
    let broken = true
    const store = mortalStore(inMemoryStore(), () => {
      if (broken) throw new Error('no append')
    })
    const { session, harness } = await setup({ store })
    await expect(session.workflows.quick.run(1, { durable: { runId: 'r' } })).rejects.toThrow('no append')
    broken = false
    expect(await harness.runs.get('r')).toBeUndefined()
    expect(await collect(harness.runs.events('r'))).toEqual([])
    expect(await session.workflows.quick.run(1)).toBe(1)
  })

  test('because of its input, options or metadata creates nothing [RUN-37]', async () => {
    const { session, harness } = await setup()
    for (const options of [
      { durable: { runId: 'a b' } },
      { durable: {} },
      { timeoutMs: -1 },
      { historyWindow: 0.5 },
      { signal: 'x' },
      { metadata: { at: new Date() } },
      { metadata: Number.NaN },
    ]) {
      expect((await failureOf(session.workflows.quick.run(1, options as never))).code).toMatch(
        /^validation\/(options|value)$/,
      )
    }
    expect(await failureOf(session.workflows.quick.run(1n))).toMatchObject({ code: 'validation/value' })
    expect(await harness.runs.list()).toEqual([])
  })

  test('in a stream that nobody reads does not end the process', async () => {
    const { session } = await setup()
    session.workflows.quick.stream(1, { timeoutMs: -1 })
    const stream = session.workflows.quick.stream(1, { timeoutMs: -1 })
    await expect(stream.next()).rejects.toMatchObject({ code: 'validation/options' })
  })
})

describe('the signal of a call', () => {
  test('that is already aborted refuses before anything is created [RUN-29, RUN-30]', async () => {
    const { session, harness, clock } = await setup()
    expect(await failureOf(session.workflows.quick.run(1, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'operation/cancelled',
      meta: { scope: 'call' },
    })
    expect(await harness.runs.list()).toEqual([])
    expect(clock.timers).toEqual([])
  })

  test('cancels the run and is not listened to afterwards [RUN-34]', async () => {
    const { session, harness, clock } = await setup()
    const controller = new AbortController()
    const handle = await session.workflows.hold.start(null, { signal: controller.signal })
    await clock.settle()
    expect(listeners(controller.signal)).toBe(1)
    controller.abort(new Error('enough'))
    expect(await failureOf(clock.until(handle.result))).toMatchObject({
      code: 'run/cancelled',
      meta: { reason: 'enough' },
    })
    expect((await harness.runs.get(handle.id))?.state).toBe('cancelled')
    expect(listeners(controller.signal)).toBe(0)
    expect(clock.timers).toEqual([])
  })

  test('is not listened to after a success [RUN-34]', async () => {
    const { session } = await setup()
    const { signal } = new AbortController()
    await session.workflows.quick.run(1, { signal })
    expect(listeners(signal)).toBe(0)
  })
})

describe('timeoutMs', () => {
  test('over 0 is a limit: operation/timeout with the scope run [RUN-26, RUN-28]', async () => {
    const { session, clock, harness } = await setup()
    const result = failureOf(
      clock.until(session.workflows.hold.run(null, { durable: { runId: 'r' }, timeoutMs: 5_000 })),
    )
    expect(await result).toMatchObject({
      code: 'operation/timeout',
      meta: { scope: 'run', timeoutMs: 5_000 },
    })
    expect(clock.monotonic()).toBe(5_000)
    expect((await harness.runs.get('r'))?.errorCode).toBe('operation/timeout')
  })
  test('600,000 is the default, and 0 is none [RUN-26, RUN-27]', async () => {
    const { session, clock, outside } = await setup()
    await failureOf(clock.until(session.workflows.hold.run(null)))
    expect(clock.monotonic()).toBe(600_000)
    const handle = await session.workflows.hold.start(null, { timeoutMs: 0 })
    await clock.advance(700_000)
    outside.release()
    expect(await clock.until(handle.result)).toBe('released')
  })
  test('negative is validation/options [RUN-26]', async () => {
    const { session } = await setup()
    expect(await failureOf(session.workflows.hold.run(null, { timeoutMs: -1 }))).toMatchObject({
      code: 'validation/options',
      meta: { field: 'timeoutMs' },
    })
  })
})

describe('history', () => {
  test('list, replace and clear [SES-10]', async () => {
    const { session } = await setup()
    await session.history.replace([hello, { role: 'system', content: 'S' }])
    expect(await session.history.list()).toEqual([hello, { role: 'system', content: 'S' }])
    expect(await session.history.list({ window: 0 })).toEqual([{ role: 'system', content: 'S' }])
    await session.history.clear()
    expect(await session.history.list()).toEqual([])
  })

  test('replace is refused whole when a message is not valid [SES-11]', async () => {
    const { session } = await setup()
    await session.history.replace([hello])
    let deep: unknown = 1
    for (let level = 0; level < 100_000; level++) deep = [deep]
    const bad: unknown[] = [
      { role: 'robot', content: 'x' },
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [] },
      { role: 'user', content: [{ type: 'text', text: '\ud800' }] },
      {
        role: 'tool',
        content: [{ type: 'tool-result', callId: 'a', name: 'b', output: deep, isError: false }],
      },
    ]
    for (const message of bad) {
      expect((await failureOf(session.history.replace([hello, message as Message]))).code).toMatch(
        /^validation\//,
      )
    }
    expect(await session.history.list()).toEqual([hello])
  })

  test.each(['hold', 'wait'] as const)(
    'clear and replace are session/busy beside %s [SES-12]',
    async (name) => {
      const { session, clock } = await setup()
      await session.workflows[name].start(null, { durable: { runId: 'r' } })
      await clock.advance(1_000)
      const reason = name === 'hold' ? 'concurrent_run' : 'suspended_run'
      for (const write of [session.history.clear(), session.history.replace([hello])]) {
        expect(await failureOf(write)).toMatchObject({ code: 'session/busy', meta: { reason, runId: 'r' } })
      }
      expect(await session.history.list()).toEqual([])
    },
  )

  test('a negative window is validation/options [SES-14]', async () => {
    const { session } = await setup()
    expect(await failureOf(session.history.list({ window: -1 }))).toMatchObject({
      code: 'validation/options',
    })
  })

  test('is there again when the session is opened again, also from another harness [SES-1]', async () => {
    const { session, harness, harnessOf } = await setup()
    await session.history.replace([hello])
    await session.close()
    expect(await (await harness.getSession('s')).history.list()).toEqual([hello])
    expect(await (await harnessOf().getSession('s')).history.list()).toEqual([hello])
  })
})

describe('close', () => {
  test('is refused while a run executes [SES-16]', async () => {
    const { session, clock, outside } = await setup()
    const handle = await session.workflows.hold.start(null)
    expect(await failureOf(session.close())).toMatchObject({
      code: 'session/busy',
      meta: { reason: 'concurrent_run', runId: handle.id },
    })
    await clock.settle()
    outside.release()
    await clock.until(handle.result)
    await session.close()
  })

  test('is allowed while a run waits, which goes on waiting [SES-18]', async () => {
    const { session, harness, clock } = await setup()
    const handle = await session.workflows.wait.start(null, { durable: { runId: 'r' } })
    await clock.advance(1_000)
    await session.close()
    await harness.runs.signal('r', 'go', 7)
    expect(await clock.until(handle.result)).toBe(7)
  })

  test('ends the session object; another can be opened', async () => {
    const { session, harness } = await setup()
    await session.close()
    await session.close()
    expect(await failureOf(session.workflows.quick.run(1))).toMatchObject({ code: 'session/closed' })
    const again = await harness.getSession('s')
    expect(again).not.toBe(session)
    expect(await again.workflows.quick.run(1)).toBe(1)
  })

  test('`await using` waits for an executing run and never throws session/busy [SES-19]', async () => {
    const { session, clock, outside, harness } = await setup()
    const starting = session.workflows.hold.start(null, { durable: { runId: 'r' } })
    let closed = false
    const closing = session[Symbol.asyncDispose]().then(() => (closed = true))
    await starting
    await clock.settle()
    expect(closed).toBe(false)
    outside.release()
    await clock.until(closing)
    expect((await harness.runs.get('r'))?.state).toBe('succeeded')
    expect(await failureOf(session.workflows.quick.run(1))).toMatchObject({ code: 'session/closed' })
  })
})

describe('getRunSummary', () => {
  test('says what a run of this session did [SES-22]', async () => {
    const { session, clock } = await setup()
    await failureOf(
      session.workflows.hold.run(null, { durable: { runId: 'x' }, signal: AbortSignal.abort() }),
    )
    await clock.until(session.workflows.quick.run(1, { durable: { runId: 'r' } }))
    expect(await session.getRunSummary('r')).toEqual({
      runId: 'r',
      state: 'succeeded',
      attempt: 1,
      startedAt: clock.now(),
      finishedAt: clock.now(),
      activeMs: 0,
      steps: 1,
      modelCalls: 0,
      toolCalls: 0,
      agentCalls: 0,
      inputTokens: 0,
      outputTokens: 0,
    })
  })

  test('says why it failed [SES-22]', async () => {
    const { session, clock } = await setup()
    await expect(clock.until(session.workflows.fail.run(1, { durable: { runId: 'r' } }))).rejects.toThrow()
    expect(await session.getRunSummary('r')).toMatchObject({
      state: 'failed',
      steps: 2,
      error: { message: 'bad luck' },
    })
  })

  test('shows no run of another session', async () => {
    const { session, harness } = await setup()
    await session.workflows.quick.run(1, { durable: { runId: 'r' } })
    const other = await harness.getSession('other')
    expect(await failureOf(other.getRunSummary('r'))).toMatchObject({ code: 'run/not-found' })
    expect(await failureOf(session.getRunSummary('nothing'))).toMatchObject({ code: 'run/not-found' })
  })
})

describe('a stream', () => {
  test('yields run.finished and then throws the error of the run [EVT-17]', async () => {
    const { session, clock } = await setup()
    const seen: string[] = []
    const read = async () => {
      for await (const event of session.workflows.fail.stream(1)) seen.push(event.type)
    }
    await expect(clock.until(read())).rejects.toThrow('bad luck')
    expect(seen.at(-1)).toBe('run.finished')
  })

  test('that is left detaches at once and never cancels the run [EVT-16]', async () => {
    const { session, clock, outside, harness } = await setup()
    const stream = session.workflows.hold.stream(null, { durable: { runId: 'r' } })
    await stream.next()
    const pending = stream.next()
    await clock.settle()
    expect(await stream.return?.()).toEqual({ done: true, value: undefined })
    expect(await pending).toEqual({ done: true, value: undefined })
    outside.release()
    await clock.settle()
    expect((await harness.runs.get('r'))?.state).toBe('succeeded')
  })
})

test('definitions that lack a field are refused by name', () => {
  expect(thrownBy(() => waitingHarness({ version: '' })).message).toMatch(/version/)
})
