import { describe, expect, it } from 'vitest'
import type { Entry, Json } from '../ports/index.ts'
import { foldRun } from './fold.ts'

/** Entries with dense positions, ten milliseconds apart unless they say when. */
function entries(...list: readonly (readonly [type: string, data: object, at?: number])[]): Entry[] {
  return list.map(([type, data, at], index) => ({
    position: index + 1,
    type,
    data: data as Json,
    at: at ?? index * 10,
  }))
}

const started = [
  'run.started',
  { target: { kind: 'k', name: 'n', version: '1' }, sessionId: 's', timeoutMs: 0 },
] as const
const step = (key: string, more: object = {}) =>
  ['step.finished', { key, scope: '', after: 0, status: 'ok', ...more }] as const
const failed = { status: 'failed', error: { name: 'Error', message: 'boom' } }
const resumed = (attempt: number, voided?: number[]) =>
  ['run.resumed', { attempt, ...(voided && { voided }) }] as const

describe('foldRun', () => {
  it('knows no run without entries', () => {
    expect(foldRun([])).toBeUndefined()
  })

  it.each([
    ['running', []],
    ['suspended', [['run.suspended', { reason: 'waiting', waits: [], activeMs: 5 }]]],
    ['succeeded', [['run.finished', { outcome: 'succeeded', activeMs: 5 }]]],
    ['cancelled', [['run.finished', { outcome: 'cancelled', activeMs: 5 }]]],
    ['failed', [['run.finished', { outcome: 'failed', activeMs: 5, error: failed.error }]]],
    ['running', [['run.finished', { outcome: 'failed', activeMs: 5, error: failed.error }], resumed(2)]],
    ['running', [['run.suspended', { reason: 'waiting', waits: [], activeMs: 5 }], resumed(2)]],
  ] as const)('says that a run is %s', (state, rest) => {
    expect(foldRun(entries(started, ...(rest as readonly (readonly [string, object])[])))?.state).toBe(state)
  })

  it('forgets the end of an attempt that was gone on with', () => {
    const history = foldRun(
      entries(started, ['run.finished', { outcome: 'failed', activeMs: 5, error: failed.error }], resumed(2)),
    )
    expect(history?.finished).toBeUndefined()
    expect(history?.attempt).toBe(2)
  })

  it('keeps results in order and leaves out what any resume has voided', () => {
    const history = foldRun(
      entries(
        started,
        step('a'),
        step('b', failed),
        resumed(2, [3]),
        step('b'),
        step('c', failed),
        resumed(3, [6]),
      ),
    )
    expect(history?.results.map(({ position, data }) => [position, data.key, data.status])).toEqual([
      [2, 'a', 'ok'],
      [5, 'b', 'ok'],
    ])
    expect(history?.lastPosition).toBe(7)
  })

  it('collects attempts, intents and open waits by key, but not voided ones', () => {
    const ask = { scope: '', after: 1 }
    const history = foldRun(
      entries(
        started,
        ['step.retried', { key: 'r', ...ask, attempt: 1 }],
        ['step.retried', { key: 'r', ...ask, attempt: 2 }],
        ['step.intended', { key: 'once', ...ask, attempt: 1 }],
        ['wait.opened', { key: 'w', ...ask, name: 'w', timer: false, dueAt: 99 }],
        resumed(2, [2]),
      ),
    )
    expect(history?.partial.get('r')).toMatchObject({ attempts: 1, positions: [3], kind: 'step' })
    expect(history?.partial.get('once')).toMatchObject({ intended: true, positions: [4] })
    expect(history?.partial.get('w')).toMatchObject({ kind: 'wait', opened: { position: 5, dueAt: 99 } })
  })

  it('knows every command that was consumed, also the rejected ones', () => {
    const history = foldRun(
      entries(
        started,
        ['wait.resolved', { key: 'w', scope: '', after: 1, status: 'ok', commandId: 'one' }],
        ['signal.rejected', { key: 'v', commandId: 'two', issues: [] }],
      ),
    )
    expect([...(history?.commands ?? [])]).toEqual(['one', 'two'])
  })

  it('may be gone on with by workers once it has suspended', () => {
    expect(foldRun(entries(started))?.hasSuspended).toBe(false)
    const history = foldRun(
      entries(started, ['run.suspended', { reason: 'waiting', waits: [], activeMs: 0 }], resumed(2)),
    )
    expect(history?.hasSuspended).toBe(true)
  })

  it('counts time under a lease and no other (L5)', () => {
    const suspended = ['run.suspended', { reason: 'waiting', waits: [], activeMs: 70 }] as const
    const history = foldRun(
      entries(
        [...started, 0],
        [...suspended, 70],
        [...resumed(2), 100_000],
        // This attempt died: it counts until its last entry.
        [...step('a'), 100_040],
        [...resumed(3), 500_000],
        [...step('b'), 500_005],
      ),
    )
    expect(history?.activeMs).toBe(70 + 40 + 5)
  })

  it('counts owners that were lost without recording anything (L4)', () => {
    expect(foldRun(entries(started, resumed(2)))?.lostOwners).toBe(0)
    expect(foldRun(entries(started, resumed(2), resumed(3), resumed(4)))?.lostOwners).toBe(2)
    expect(foldRun(entries(started, resumed(2), resumed(3), step('a'), resumed(4)))?.lostOwners).toBe(0)
  })

  it('skips entries of types that it does not know', () => {
    expect(foldRun(entries(started, ['some.thing', {}], step('a')))).toMatchObject({
      state: 'running',
      lastPosition: 3,
    })
  })
})
