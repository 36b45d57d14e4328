import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, reportCounts } from '../src/index.ts'
import { refusalOf, twoProcesses } from './support/two-processes.ts'
import type { TwoProcesses } from './support/two-processes.ts'

const input = { amount: 1 }
const ids = { sessionId: 'customer', runId: 'ticket' }
const durable = { ...ids, input }
const another = { sessionId: ids.sessionId, input, flow: 'steps' as const, runId: 'another' }

let processes: TwoProcesses
let passed = 0
beforeEach(async () => {
  processes = await twoProcesses()
})
afterEach(async ({ task }) => {
  await processes[Symbol.asyncDispose]()
  if (task.result?.state !== 'fail') passed += 1
})
afterAll(() => reportCounts('sessions across processes', { scenarios: passed }))

const becomes = (state: string, runId = ids.runId): Promise<unknown> =>
  eventually(`${runId} is ${state}`, async () => {
    const info = await processes.second.call('get', runId)
    return info?.state === state ? info : undefined
  })
const busy = (reason: string) => ({
  code: 'session/busy',
  meta: { sessionId: ids.sessionId, reason, runId: ids.runId },
})
const outcomes = async (): Promise<readonly unknown[]> => {
  const { entries } = await processes.view(ids)
  return entries.flatMap((entry) => (entry.type === 'run.finished' ? [entry.data] : []))
}

test('a session in which another process executes is busy and names the run [SES-6]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, input: {}, flow: 'held' })
  await first.noted((note) => note === 'held')
  expect(await refusalOf(second.call('start', another))).toEqual(busy('concurrent_run'))
  await first.call('open')
  await first.call('result', ids.runId)
  expect(await second.call('start', another)).toBe('another')
})

test('a session with a suspended run is busy and names the run [SES-6]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, flow: 'waiting' })
  await becomes('suspended')
  expect(await refusalOf(second.call('start', another))).toEqual(busy('suspended_run'))
})

test('a session whose durable run lost its process is busy until that run goes on', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, input: {}, flow: 'held' })
  await first.noted((note) => note === 'held')
  await first.kill()
  expect(await refusalOf(second.call('start', another))).toEqual(busy('orphaned_run'))
  expect(await second.call('recover')).toMatchObject({ resumed: [ids.runId], abandoned: [] })
  await second.noted((note) => note === 'held')
  await second.call('open')
  expect(await second.call('result', ids.runId)).toMatchObject({ before: 1, after: 2 })
  expect(await second.call('start', another)).toBe('another')
})

test('an orphan that was not durable is closed by the next start', async () => {
  const { first, second } = processes
  const runId = await first.call('start', { sessionId: ids.sessionId, input: {}, flow: 'held' })
  await first.noted((note) => note === 'held')
  await first.kill()
  await second.call('start', another)
  expect(await second.call('result', 'another')).toEqual({ sum: 12 })
  expect(await second.call('get', runId)).toMatchObject({ state: 'failed', errorCode: 'run/abandoned' })
  const { entries } = await processes.view({ runId, sessionId: ids.sessionId })
  expect(entries.at(-1)).toMatchObject({ type: 'run.finished', data: { error: { code: 'run/abandoned' } } })
})

test('a signal of another process reaches a run that is executing [STEP-12]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, flow: 'live' })
  await first.noted((note) => note === 'held')
  await second.call('signal', { runId: ids.runId, name: 'go', value: { ok: true } })
  await first.noted((note) => note === 'answered')
  expect(await second.call('get', ids.runId)).toMatchObject({ state: 'running', attempt: 1 })
  await first.call('open')
  expect(await first.call('result', ids.runId)).toEqual({ ok: true })
})

test('a signal of another process wakes a suspended run where its handle is [STEP-12]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, flow: 'waiting' })
  await becomes('suspended')
  await second.call('signal', { runId: ids.runId, name: 'go', value: { ok: false } })
  expect(await first.call('result', ids.runId)).toEqual({ ok: false })
})

test('a cancel of another process reaches a run that is executing [RUN-12]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, input: {}, flow: 'held' })
  await first.noted((note) => note === 'held')
  await second.call('cancel', { runId: ids.runId, reason: 'enough' })
  await first.noted((note) => note === 'aborted')
  expect(await refusalOf(first.call('result', ids.runId))).toMatchObject({ code: 'run/cancelled' })
  expect(await outcomes()).toMatchObject([{ outcome: 'cancelled', reason: 'enough' }])
})

test('a cancel of another process ends a suspended run, also for its handle [RUN-12]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, flow: 'waiting' })
  await becomes('suspended')
  const result = refusalOf(first.call('result', ids.runId))
  await second.call('cancel', { runId: ids.runId, reason: 'enough' })
  expect(await result).toMatchObject({ code: 'run/cancelled' })
  await becomes('cancelled')
  expect(await outcomes()).toMatchObject([{ outcome: 'cancelled', reason: 'enough' }])
  expect(await second.call('start', another)).toBe('another')
})

test('events that another process follows, from any position, are the uncut stream [EVT-4, EVT-25]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, flow: 'waiting' })
  const followed = second.call('events', { runId: ids.runId, after: 0 })
  await second.noted((note) => note.endsWith('wait.opened'))
  const cut = second.call('events', { runId: ids.runId, after: 2 })
  await second.call('signal', { runId: ids.runId, name: 'go', value: { ok: true } })
  await first.call('result', ids.runId)
  const uncut = await first.call('events', { runId: ids.runId, after: 0 })
  expect(await followed).toEqual(uncut)
  expect(await cut).toEqual(uncut.slice(2))
  expect(uncut.map((event) => (event as { position: number }).position)).toEqual(
    uncut.map((_, index) => index + 1),
  )
  for (let after = 0; after < uncut.length; after += 1) {
    expect(await second.call('events', { runId: ids.runId, after })).toEqual(uncut.slice(after))
  }
})

test('a command id counts once, from whichever process [STEP-14]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, flow: 'live' })
  await first.noted((note) => note === 'held')
  const signal = { runId: ids.runId, name: 'go', value: { ok: true }, commandId: 'command-1' }
  for (const process of [second, first, second]) await process.call('signal', signal)
  expect((await processes.view(ids)).inbox).toHaveLength(1)
  const other = second.call('signal', { ...signal, value: { ok: false } })
  expect(await refusalOf(other)).toMatchObject({
    code: 'validation/options',
    meta: { commandId: 'command-1' },
  })
  await first.call('open')
  expect(await first.call('result', ids.runId)).toEqual({ ok: true })
})

test('a signal that does not fit is recorded as rejected, and the wait takes the next one [STEP-15]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, flow: 'waiting' })
  await becomes('suspended')
  await second.call('signal', { runId: ids.runId, name: 'go', value: { ok: 'perhaps' }, commandId: 'bad' })
  const rejected = await eventually('the signal is rejected', async () => {
    const { entries } = await processes.view(ids)
    return entries.find((entry) => entry.type === 'signal.rejected')
  })
  expect(rejected.data).toMatchObject({ key: 'go', commandId: 'bad', issues: [{ path: 'ok' }] })
  await second.call('signal', { runId: ids.runId, name: 'go', value: { ok: true }, commandId: 'good' })
  expect(await first.call('result', ids.runId)).toEqual({ ok: true })
})

test('an extension of another process lets a run that has used its budget up go on [BUD-9]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, flow: 'metered' })
  const result = first.call('result', ids.runId)
  await becomes('suspended')
  expect(await second.call('get', ids.runId)).toMatchObject({ suspendReason: 'budget/exhausted' })
  await second.call('extend', { runId: ids.runId, modelCalls: 1 })
  expect(await result).toBe('answer of looker')
  const { entries } = await processes.view(ids)
  expect(entries.map(({ type }) => type)).toEqual([
    'run.started',
    'budget.reserved',
    'model.finished',
    'tool.finished',
    'tool.finished',
    'run.suspended',
    'run.resumed',
    'budget.extended',
    'budget.reserved',
    'model.finished',
    'agent.finished',
    'run.finished',
  ])
})

test('a run that has used its budget up outlives its process and goes on in another one [BUD-4]', async () => {
  const { first, second } = processes
  await first.call('start', { ...durable, flow: 'metered' })
  await becomes('suspended')
  await first.kill()
  expect(await second.call('recover')).toMatchObject({ resumed: [] })
  await second.call('extend', { runId: ids.runId, modelCalls: 1 })
  expect(await second.call('recover')).toMatchObject({ resumed: [ids.runId] })
  expect(await second.call('result', ids.runId)).toBe('answer of looker')
})
