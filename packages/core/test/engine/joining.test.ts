import { describe, expect, it } from 'vitest'
import { sendCommand } from '../../src/run/commands.ts'
import { countingPlatform, processWith, recorded, rejectionOf, step, until } from './fixture.ts'

const goSignal = { type: 'signal', name: 'go', value: 1 } as const

describe('one run id', () => {
  it('is one run, however many ask for it at once [RUN-3]', async () => {
    let ran = 0
    const { start, store } = processWith((c) => step(c, 'a', () => ++ran))
    const handles = await Promise.all([start({ runId: 'r' }), start({ runId: 'r' }), start({ runId: 'r' })])
    expect(await Promise.all(handles.map((handle) => handle.result))).toEqual([1, 1, 1])
    expect(await recorded(store, 'r')).toEqual(['run.started', 'step.finished', 'run.finished'])
  })

  it('answers with the stored output once it has succeeded, and executes nothing [RUN-7]', async () => {
    let ran = 0
    const { start, store } = processWith((c) => step(c, 'a', () => ++ran))
    await (
      await start({ runId: 'r' })
    ).result
    const before = await recorded(store, 'r')
    expect(await (await start({ runId: 'r' })).result).toBe(1)
    expect([ran, await recorded(store, 'r')]).toEqual([1, before])
  })

  it.each([
    ['session', { sessionId: 'other' }],
    ['input', { input: 'other' }],
  ])('is a conflict for another %s', async (_, other) => {
    const { start } = processWith(async () => 1)
    await (
      await start({ runId: 'r' })
    ).result
    expect((await rejectionOf(start({ runId: 'r', ...other }))).code).toBe('run/conflict')
  })

  it('is a conflict for another version', async () => {
    const { start, store } = processWith(async () => 1)
    await (
      await start({ runId: 'r' })
    ).result
    const other = processWith(async () => 1, { store, version: '2' })
    expect((await rejectionOf(other.start({ runId: 'r' }))).code).toBe('run/conflict')
  })
})

describe('a suspended run', () => {
  const waiting = () => processWith(async (c) => [await step(c, 'a', () => 1), await c.wait({ name: 'go' })])

  it('goes on behind the handle that was there before', async () => {
    const { start, engine, store } = waiting()
    const handle = await start({ runId: 'r' })
    await until(handle, 'run.suspended')
    await sendCommand(engine, 'r', goSignal)
    expect(await handle.result).toEqual([1, 1])
    expect((await recorded(store, 'r')).filter((type) => type === 'run.resumed')).toHaveLength(1)
  })

  it('goes on once when it is asked for and signalled at the same moment', async () => {
    const { start, engine, store } = waiting()
    const handle = await start({ runId: 'r' })
    await until(handle, 'run.suspended')
    const [joined] = await Promise.all([
      start({ runId: 'r' }),
      sendCommand(engine, 'r', goSignal),
      start({ runId: 'r' }),
    ])
    expect(await Promise.all([handle.result, joined.result])).toEqual([
      [1, 1],
      [1, 1],
    ])
    expect((await recorded(store, 'r')).filter((type) => type === 'run.resumed')).toHaveLength(1)
  })

  it('suspends again without a second watch of it [RUN-5]', async () => {
    const { start, engine, store } = waiting()
    const handle = await start({ runId: 'r' })
    await until(handle, 'run.suspended')
    await start({ runId: 'r' })
    await until(handle, 'run.suspended', 2)
    await sendCommand(engine, 'r', goSignal)
    expect(await handle.result).toEqual([1, 1])
    expect((await recorded(store, 'r')).filter((type) => type === 'run.resumed')).toHaveLength(2)
  })

  it('holds no timer, no lease and no listener, and none is left when it has ended', async () => {
    const { platform, timers } = countingPlatform()
    const stop = new AbortController()
    const { start, engine, store } = processWith(
      (c) =>
        c.child({
          name: 'k',
          input: null,
          label: {},
          timeoutMs: 60_000,
          signal: stop.signal,
          program: (d) => d.wait({ name: 'go' }),
        }),
      { platform },
    )
    const handle = await start({ runId: 'r', timeoutMs: 60_000 })
    await until(handle, 'run.suspended')
    expect(await store.leases.get('session/s')).toBeUndefined()
    await new Promise((resolve) => setImmediate(resolve))
    expect(timers()).toBe(0)
    await sendCommand(engine, 'r', goSignal)
    expect(await handle.result).toBe(1)
    expect(timers()).toBe(0)
  })
})

describe("the caller's signal", () => {
  it('cancels a run also when it was aborted while the start was recorded [EVT-2]', async () => {
    const { start, store } = processWith((c) => c.wait({ name: 'never' }))
    const stop = new AbortController()
    const starting = start({ runId: 'r', signal: stop.signal })
    stop.abort(new Error('enough'))
    expect((await rejectionOf((await starting).result)).code).toBe('run/cancelled')
    expect((await recorded(store, 'r')).at(-1)).toBe('run.finished')
  })

  it('that is aborted already refuses before anything exists [RUN-30]', async () => {
    const { start, store } = processWith(async () => 1)
    expect((await rejectionOf(start({ runId: 'r', signal: AbortSignal.abort() }))).code).toBe(
      'operation/cancelled',
    )
    expect(await recorded(store, 'r')).toEqual([])
  })
})

describe('a cancel', () => {
  it('ends a run whose handler has returned while a child of it waits', async () => {
    const { start, store } = processWith(async (c) => {
      void c.child({ name: 'k', input: null, label: {}, program: (d) => d.wait({ name: 'never' }) })
      return 'returned'
    })
    const handle = await start({ runId: 'r' })
    await until(handle, 'run.suspended')
    await handle.cancel()
    expect((await rejectionOf(handle.result)).code).toBe('run/cancelled')
    expect((await store.journal.heads({ streams: ['run/r'] }))[0]?.state).toBe('cancelled')
  })

  it('reaches the effects of scopes inside [RUN-32]', async () => {
    const stopped = Promise.withResolvers<unknown>()
    const begun = Promise.withResolvers<void>()
    const { start } = processWith(
      (c) =>
        c.child({
          name: 'k',
          input: null,
          label: {},
          program: (d) =>
            d.child({
              name: 'in',
              input: null,
              label: {},
              program: (e) =>
                e.step({
                  name: 'slow',
                  noun: 'step',
                  effect: 'idempotent',
                  run: async (ran) => {
                    ran.signal.addEventListener('abort', () => stopped.resolve(ran.signal.reason))
                    begun.resolve()
                    throw await stopped.promise
                  },
                }),
            }),
        }),
      { timing: { abortGraceMs: 600_000 } },
    )
    const handle = await start({ runId: 'r' })
    await begun.promise
    await handle.cancel()
    // With a grace of ten minutes the run ends now only because its effect does.
    expect((await rejectionOf(handle.result)).code).toBe('run/cancelled')
    expect(await stopped.promise).toMatchObject({ code: 'operation/cancelled' })
  })
})
