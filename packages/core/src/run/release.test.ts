import { describe, expect, it } from 'vitest'
import type { ResultData } from '../history/event.ts'
import type { PartialAsk, ResultEntry, RunHistory } from '../history/fold.ts'
import type { Platform, Timer } from '../ports/index.ts'
import { FailureChains } from './failure-chain.ts'
import { Releases, type Ask } from './release.ts'
import { Scope } from './scope.ts'

type Recorded = Partial<ResultData> & { readonly key: string }

const result = (position: number, data: Recorded): ResultEntry =>
  ({
    position,
    type: 'step.finished',
    data: { scope: '', after: 0, status: 'ok', value: data.key, ...data },
  }) as ResultEntry
const failure = (position: number, key: string): ResultEntry =>
  result(position, { key, status: 'failed', error: { name: 'Error', message: 'boom' } })
const partial = (key: string, kind: 'wait' | 'step'): PartialAsk => ({
  key,
  scope: '',
  after: 0,
  kind,
  attempts: 0,
  intended: false,
  positions: [9],
})

/** A queue over a recorded part, with a clock and macrotasks that the test moves. */
function queue(recorded: readonly ResultEntry[], begun: readonly PartialAsk[] = []) {
  const tasks: (() => void)[] = []
  const timers: { fire: () => void; cancelled: boolean }[] = []
  const log: string[] = []
  let clock = 0
  const platform = {
    macrotask: (run: () => void) => void tasks.push(run),
    monotonic: () => clock,
    timer: (_: number, fire: () => void): Timer => {
      const timer = { fire, cancelled: false }
      timers.push(timer)
      return { cancel: () => void (timer.cancelled = true) }
    },
  } as Partial<Platform> as Platform
  const history = {
    results: [...recorded],
    partial: new Map(begun.map((one) => [one.key, one])),
  } as Partial<RunHistory> as RunHistory
  const blobs = new Map<string, PromiseWithResolvers<unknown>>()
  const releases = new Releases(
    {
      platform,
      chains: new FailureChains(),
      replayIdleMs: 10_000,
      decode: (stored) => (stored.blob === undefined ? stored.value : blobOf(stored.blob.ref).promise),
      diverged: (error) => void log.push(`diverged: ${error.message}`),
      fault: (error) => void log.push(`fault: ${String(error)}`),
      idle: () => void log.push('idle'),
      isWorking: () => false,
    },
    history,
  )
  const root = new Scope({ key: '', depth: 0, metadata: {}, options: {} })
  releases.addScope(root)
  const blobOf = (ref: string): PromiseWithResolvers<unknown> => {
    const known = blobs.get(ref) ?? Promise.withResolvers<unknown>()
    blobs.set(ref, known)
    return known
  }
  const ask = (key: string, more: Partial<Ask> = {}): void => {
    const scope = more.scope ?? root
    const promise = releases.ask({
      key: { key, name: key, hasOwnKey: false, release: () => void log.push(`free ${key}`) },
      type: 'step.finished',
      scope,
      start: (record) => void log.push(`start ${key} after ${record.after}`),
      ...more,
    })
    promise.then(
      (value) => log.push(`${key} = ${String(value)}`),
      (error: Error) => log.push(`${key} ! ${error.message}`),
    )
  }
  /** One macrotask and all the microtasks behind it. */
  const turn = async (): Promise<void> => {
    tasks.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const drain = async (): Promise<void> => {
    for (let turns = 0; tasks.length > 0 && turns < 100; turns++) await turn()
  }
  const pass = (ms: number): void => {
    clock += ms
    for (const timer of timers.splice(0)) if (!timer.cancelled) timer.fire()
  }
  const taken = (): string[] => log.splice(0).filter((line) => line !== 'idle' && !line.startsWith('free'))
  return { releases, root, ask, turn, drain, pass, log, taken, blobOf }
}

const child = (parent: Scope, key: string): Scope =>
  new Scope({ key, parent, depth: 1, metadata: {}, options: {} })

describe('Releases', () => {
  it('hands back one result per macrotask, in journal order (R1)', async () => {
    const { ask, turn, taken } = queue([result(2, { key: 'b' }), failure(3, 'a'), result(4, { key: 'c' })])
    for (const key of ['a', 'b', 'c']) ask(key)
    const turns: string[][] = []
    for (let index = 0; index < 3; index++) {
      await turn()
      turns.push(taken())
    }
    expect(turns).toEqual([['b = b'], ['a ! boom'], ['c = c']])
  })

  it('waits for what is next in the journal although later results were asked for', async () => {
    const { ask, drain, taken } = queue([result(2, { key: 'a' }), result(3, { key: 'b' })])
    ask('b')
    await drain()
    expect(taken()).toEqual([])
    ask('a')
    await drain()
    expect(taken()).toEqual(['a = a', 'b = b'])
  })

  it('hands live results back the same way', async () => {
    const { releases, ask, drain, turn, taken } = queue([])
    ask('a')
    ask('b')
    await drain()
    expect(taken()).toEqual(['start a after 0', 'start b after 0'])
    releases.record(result(2, { key: 'b' }))
    releases.record(result(3, { key: 'a' }))
    await turn()
    expect(taken()).toEqual(['b = b'])
    await turn()
    expect(taken()).toEqual(['a = a'])
  })

  it('starts nothing new before the recorded part was consumed (R3)', async () => {
    const { releases, ask, drain, taken } = queue(
      [result(2, { key: 'a' }), result(3, { key: 'b' })],
      [partial('w', 'step')],
    )
    ask('new')
    ask('a')
    await drain()
    ask('b')
    await drain()
    expect([releases.open, taken()]).toEqual([false, ['a = a', 'b = b']])
    ask('w')
    await drain()
    expect([releases.open, taken()]).toEqual([true, ['start new after 0', 'start w after 3']])
  })

  it('holds new effects while a suspension is decided (S2)', async () => {
    const { releases, ask, drain, taken } = queue([])
    await drain()
    releases.kick()
    await drain()
    releases.pause()
    ask('a')
    await drain()
    expect([releases.holding, taken()]).toEqual([true, []])
    releases.resume()
    expect(taken()).toEqual(['start a after 0'])
  })

  it('gives engine code its results at once, and says from when it has seen them', async () => {
    const { releases, root, ask, turn, taken } = queue([result(2, { key: 'user' }), failure(3, 'model')])
    ask('model', { folded: true })
    // In the same breath: not an answer to the failure.
    expect(
      releases.recordOf({ key: 'x', name: 'x', hasOwnKey: false, release: () => undefined }, root),
    ).toEqual({ key: 'x', scope: '', after: 0 })
    await turn()
    expect(taken()).toEqual(['model ! boom'])
    expect(
      releases.recordOf({ key: 'x', name: 'x', hasOwnKey: false, release: () => undefined }, root),
    ).toEqual({ key: 'x', scope: '', after: 0, seen: 3 })
  })

  it('hands over nothing while a blob is read', async () => {
    const big = { blob: { ref: 'one', bytes: 1 } }
    const { ask, drain, taken, blobOf } = queue([result(2, { key: 'a', ...big }), result(3, { key: 'b' })])
    ask('a')
    ask('b')
    await drain()
    expect(taken()).toEqual([])
    blobOf('one').resolve('A')
    await drain()
    await new Promise((resolve) => setImmediate(resolve))
    await drain()
    expect(taken()).toEqual(['a = A', 'b = b'])
  })

  it('is not drained while any of several blobs is read', async () => {
    const { releases, ask, drain, taken, blobOf } = queue([
      result(2, { key: 'a', blob: { ref: 'one', bytes: 1 } }),
      result(3, { key: 'b', blob: { ref: 'two', bytes: 1 } }),
    ])
    ask('a', { folded: true })
    ask('b', { folded: true })
    blobOf('one').resolve('A')
    await new Promise((resolve) => setImmediate(resolve))
    await drain()
    expect([releases.drained, releases.open, taken()]).toEqual([false, false, ['a = A']])
    blobOf('two').resolve('B')
    await new Promise((resolve) => setImmediate(resolve))
    await drain()
    expect([releases.drained, releases.open, taken()]).toEqual([true, true, ['b = B']])
  })

  it('frees a key when its result is handed back, not when it is recorded (K1)', async () => {
    const { releases, ask, drain, log } = queue([])
    ask('a')
    await drain()
    releases.record(result(2, { key: 'a' }))
    expect(log).not.toContain('free a')
    await drain()
    expect(log).toContain('free a')
  })

  it('stops settling and starting when it is over (S3)', async () => {
    const { releases, ask, drain, taken } = queue([result(2, { key: 'a' })])
    ask('a')
    releases.stop()
    ask('b')
    releases.record(result(3, { key: 'b' }))
    let ran = false
    releases.whenOpen(() => (ran = true))
    await drain()
    expect([ran, taken()]).toEqual([false, []])
  })
})

describe('a scope that is cut (R4)', () => {
  it('rejects what is pending in it and in the scopes inside, and nothing else', async () => {
    const { releases, root, ask, drain, taken } = queue([])
    const outer = child(root, 'k')
    const inner = child(outer, 'k/in')
    releases.addScope(outer)
    releases.addScope(inner)
    ask('k/a', { scope: outer })
    ask('k/in/b', { scope: inner })
    ask('c')
    await drain()
    taken()
    releases.cut(outer, new Error('cut'))
    await drain()
    expect(taken()).toEqual(['k/a ! cut', 'k/in/b ! cut'])
    expect([outer.isCut, inner.isCut, root.isCut]).toEqual([true, true, false])
  })

  it('tells effects in the scopes inside', async () => {
    const { releases, root, ask } = queue([])
    const outer = child(root, 'k')
    const inner = child(outer, 'k/in')
    ask('k/in', { scope: outer, child: inner, settled: () => inner.cancellation.dispose() })
    releases.cut(outer, new Error('cut'))
    expect(inner.cancellation.aborted).toBe(true)
  })

  it('counts what was asked for before as consumed, and later entries not', async () => {
    const { releases, root, ask, drain, taken } = queue([
      result(2, { key: 'a' }),
      result(3, { key: 'f/0/x', scope: 'f/0', after: 0 }),
      result(4, { key: 'f/0/y', scope: 'f/0', after: 2 }),
      result(5, { key: 'b' }),
    ])
    const item = child(root, 'f/0')
    releases.addScope(item)
    ask('a')
    ask('b')
    await drain()
    releases.cut(item, new Error('cut'))
    await drain()
    expect(taken()).toEqual(['a = a'])
  })

  it('is consumed whole when its end was recorded', async () => {
    const { releases, root, ask, drain, taken } = queue([
      result(2, { key: 'k/x', scope: 'k', after: 0 }),
      result(3, { key: 'k' }),
    ])
    const scope = child(root, 'k')
    scope.skipped = true
    releases.addScope(scope)
    ask('k', { child: scope })
    await drain()
    expect(taken()).toEqual(['k = k'])
    expect(releases.open).toBe(true)
  })
})

describe('code that does not fit (R6)', () => {
  it.each([
    [
      'another type',
      { type: 'tool.finished' as const },
      /asked for tool.finished at "a", which is step.finished/,
    ],
    ['another input', { inputHash: 'other' }, /asked for "a" with another input/],
  ])('stops at %s', (_, more, message) => {
    const { ask, taken } = queue([result(2, { key: 'a', inputHash: 'hash' })])
    ask('a', { inputHash: 'hash', ...more })
    expect(taken()[0]).toMatch(message)
  })

  it('stops at another kind where something was begun', () => {
    const { ask, taken } = queue([], [partial('a', 'wait')])
    ask('a')
    expect(taken()[0]).toMatch(/asked for a step at "a", which is a wait/)
  })

  it('stops when nothing is asked for while entries are left, and says which', async () => {
    const { ask, drain, pass, taken } = queue([result(2, { key: 'a' }), result(3, { key: 'b' })])
    ask('a')
    await drain()
    pass(9_999)
    expect(taken()).toEqual(['a = a'])
    pass(10_000)
    expect(taken()[0]).toMatch(/diverged: .*step.finished "b" at position 3/)
  })

  it('waits for ever once the recorded part was consumed', async () => {
    const { ask, drain, pass, taken } = queue([result(2, { key: 'a' })])
    ask('a')
    await drain()
    pass(1_000_000)
    expect(taken()).toEqual(['a = a'])
  })
})
