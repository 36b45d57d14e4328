import { describe, expect, it } from 'vitest'
import type { Entry, Json } from '../ports/index.ts'
import type { FailureLink } from './event.ts'
import { foldRun, type RunHistory } from './fold.ts'
import { planResume } from './resume-plan.ts'

interface Ask {
  readonly key: string
  readonly scope?: string
  readonly after?: number
  readonly seen?: number
}

const ask = ({ key, scope = '', after = 1, seen }: Ask): object => ({
  key,
  scope,
  after,
  ...(seen !== undefined && { seen }),
})
const error = { name: 'Error', message: 'boom' }
const ok = (what: Ask): [string, object] => ['step.finished', { ...ask(what), status: 'ok' }]
const fails = (what: Ask, more: object = {}): [string, object] => [
  'step.finished',
  { ...ask(what), status: 'failed', error, ...more },
]
const childFails = (what: Ask, chain: FailureLink[]): [string, object] => [
  'agent.finished',
  { ...ask(what), status: 'failed', error, chain },
]
const opened = (what: Ask): [string, object] => [
  'wait.opened',
  { ...ask(what), name: what.key, timer: false },
]
const retried = (what: Ask): [string, object] => [
  'step.retried',
  { ...ask(what), attempt: 1, error, delayMs: 1 },
]
const intended = (what: Ask): [string, object] => ['step.intended', { ...ask(what), attempt: 1 }]

/** A failed run: entries from position 2 on, and the chain of the failure that escaped. */
function failedRun(list: readonly [string, object][], chain: readonly FailureLink[]): RunHistory {
  const all: [string, object][] = [
    ['run.started', {}],
    ...list,
    ['run.finished', { outcome: 'failed', activeMs: 0, error, chain }],
  ]
  const entries: Entry[] = all.map(([type, data], index) => ({
    position: index + 1,
    type,
    data: data as Json,
    at: index,
  }))
  return foldRun(entries) as RunHistory
}

const root = (position: number): FailureLink => ({ position, scope: '' })

describe('planResume (O2)', () => {
  it('voids the failure that escaped', () => {
    expect(planResume(failedRun([ok({ key: 'a' }), fails({ key: 'b', after: 2 })], [root(3)]))).toEqual({
      resumable: true,
      voided: [3],
    })
  })

  it('voids every scope end that carried it', () => {
    const chain = [{ position: 2, scope: 'k/in' }, { position: 3, scope: 'k' }, root(4)]
    const run = failedRun(
      [
        fails({ key: 'k/in/x', scope: 'k/in' }),
        childFails({ key: 'k/in', scope: 'k' }, chain.slice(0, 1)),
        childFails({ key: 'k' }, chain.slice(0, 2)),
      ],
      chain,
    )
    expect(planResume(run)).toEqual({ resumable: true, voided: [2, 3, 4] })
  })

  it('voids the attempts of the failed step, so that it has all of them again', () => {
    const run = failedRun([retried({ key: 'r' }), retried({ key: 'r' }), fails({ key: 'r' })], [root(4)])
    expect(planResume(run)).toEqual({ resumable: true, voided: [2, 3, 4] })
  })

  it('opens a wait anew that ran out of time', () => {
    const run = failedRun(
      [opened({ key: 'w' }), ['wait.resolved', { ...ask({ key: 'w' }), status: 'failed', error }]],
      [root(3)],
    )
    expect(planResume(run)).toEqual({ resumable: true, voided: [2, 3] })
  })

  it('voids later failures of siblings, with their attempts', () => {
    const run = failedRun(
      [fails({ key: 'a' }), retried({ key: 'b' }), fails({ key: 'b' }), ok({ key: 'c' })],
      [root(2)],
    )
    expect(planResume(run)).toEqual({ resumable: true, voided: [2, 3, 4] })
  })

  it('keeps earlier failures: somebody handled them', () => {
    const run = failedRun(
      [fails({ key: 'a' }), ok({ key: 'b', after: 2 }), fails({ key: 'c', after: 3 })],
      [root(4)],
    )
    expect(planResume(run)).toEqual({ resumable: true, voided: [4] })
  })

  it.each([
    ['a step', ok({ key: 'f/1/rest', scope: 'f/1', after: 3 })],
    ['a wait that is still open', opened({ key: 'f/1/w', scope: 'f/1', after: 3 })],
  ])('keeps a later failure that was answered by %s', (_, answer) => {
    const run = failedRun(
      [fails({ key: 'f/0/x', scope: 'f/0' }), fails({ key: 'f/1/x', scope: 'f/1' }), answer],
      [{ position: 2, scope: 'f/0' }],
    )
    expect(planResume(run)).toEqual({ resumable: true, voided: [2] })
  })
})

describe('planResume refuses (O3)', () => {
  const handled = { resumable: false, reason: 'handled' }

  it('when no recorded failure is behind the error', () => {
    expect(planResume(failedRun([ok({ key: 'a' })], []))).toEqual({
      resumable: false,
      reason: 'no_recorded_failure',
    })
  })

  it.each([
    ['a step', ok({ key: 'undo', after: 2 })],
    ['a step that did not end', retried({ key: 'undo', after: 2 })],
    ['a wait', opened({ key: 'human', after: 2 })],
    ['an effect that was begun', intended({ key: 'undo', after: 2 })],
    ['something in a scope inside', ok({ key: 'k/x', scope: 'k', after: 2 })],
  ])('when the scope that received it asked for %s', (_, answer) => {
    expect(planResume(failedRun([fails({ key: 'pay' }), answer], [root(2)]))).toEqual(handled)
  })

  it('when an enclosing scope asked for something after it received the end that carried it', () => {
    const chain = [{ position: 2, scope: 'k' }, root(3)]
    const ends = [fails({ key: 'k/x', scope: 'k' }), childFails({ key: 'k' }, chain.slice(0, 1))]
    expect(planResume(failedRun([...ends, ok({ key: 'undo', after: 3 })], chain))).toEqual(handled)
    // Asked for before that end was received, in parallel to the child.
    expect(planResume(failedRun([...ends, ok({ key: 'beside', after: 2 })], chain))).toMatchObject({
      resumable: true,
    })
  })

  it('when engine code asked after it had taken the failure, ahead of what was released', () => {
    const chain = [{ position: 2, scope: 'k' }]
    const failure = fails({ key: 'k/model-1', scope: 'k' })
    expect(
      planResume(failedRun([failure, opened({ key: 'k/w', scope: 'k', after: 1, seen: 2 })], chain)),
    ).toEqual(handled)
    expect(
      planResume(failedRun([failure, opened({ key: 'other/w', scope: 'other', after: 1, seen: 2 })], chain)),
    ).toMatchObject({ resumable: true })
  })

  it('when a once effect failed that nothing can reconcile', () => {
    const once = failedRun([intended({ key: 'pay' }), fails({ key: 'pay' }, { once: true })], [root(3)])
    expect(planResume(once)).toEqual({ resumable: false, reason: 'once' })
  })

  it('not when it can be reconciled; the intent stays, so that it is asked and not run', () => {
    const run = failedRun(
      [intended({ key: 'pay' }), fails({ key: 'pay' }, { once: true, reconcilable: true })],
      [root(3)],
    )
    expect(planResume(run)).toEqual({ resumable: true, voided: [3] })
  })

  it('never voids a once failure beside the first', () => {
    const run = failedRun(
      [fails({ key: 'a' }), intended({ key: 'pay' }), fails({ key: 'pay' }, { once: true })],
      [root(2)],
    )
    expect(planResume(run)).toEqual({ resumable: true, voided: [2] })
  })

  it('not for a scope whose key only begins alike', () => {
    const run = failedRun(
      [fails({ key: 'k/x', scope: 'k' }), ok({ key: 'k#2/y', scope: 'k#2', after: 2 })],
      [{ position: 2, scope: 'k' }],
    )
    expect(planResume(run)).toMatchObject({ resumable: true })
  })
})
