import { describe, expect, it } from 'vitest'
import type { CommittedEvent, RunEvent } from '../src/index.ts'
import { askingHarness, nth, onlyApproval, payAnn, rest, typesOfRun } from './fixtures/asking-harness.ts'
import { collect } from './fixtures/collect.ts'
import { calls, says } from './fixtures/scripted-model.ts'

const run = { durable: { runId: 'r' } }

/** The result that the model was given for a call. */
function resultOf(request: unknown, callId: string): { output: unknown; isError: boolean } | undefined {
  const { messages } = request as { messages: readonly { role: string; content: unknown }[] }
  return messages
    .filter(({ role }) => role === 'tool')
    .flatMap(({ content }) => content as { callId: string; output: unknown; isError: boolean }[])
    .find((part) => part.callId === callId)
}

function ofType<Type extends CommittedEvent['type']>(events: readonly RunEvent[], type: Type) {
  return events.filter((event) => event.type === type) as Extract<CommittedEvent, { type: Type }>[]
}

describe('a tool that asks', () => {
  it('suspends the run, is listed, and is executed once it was allowed [APR-5, APR-6]', async () => {
    const { clock, harness, paid, model } = askingHarness()
    const session = await harness.getSession('s')
    const handle = await session.agents.payer.start('pay ann', run)
    await rest(clock)
    expect(paid).toEqual([])
    expect(await harness.runs.get('r')).toMatchObject({ state: 'suspended', openApprovals: 1 })
    const approval = await onlyApproval(harness)
    expect(approval).toMatchObject({
      runId: 'r',
      sessionId: 's',
      key: 'tool-1-1',
      tool: 'pay',
      agent: 'payer',
      callId: 'c1',
      arguments: { to: 'ann', amount: 3 },
    })
    await harness.approvals.resolve(approval, { decision: 'allow', by: 'eve' })
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(['ann'])
    expect(resultOf(model.requests[1], 'c1')).toMatchObject({ output: { paid: 'ann' }, isError: false })
    expect(await harness.approvals.list()).toEqual([])
    expect((await harness.runs.get('r'))?.openApprovals).toBeUndefined()
  })

  it('is not executed when it was denied, and the model is told why [APR-1]', async () => {
    const { clock, harness, paid, model } = askingHarness()
    const session = await harness.getSession('s')
    const handle = await session.agents.payer.start('pay ann', run)
    await rest(clock)
    await harness.approvals.resolve(await onlyApproval(harness), { decision: 'deny', reason: 'too much' })
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual([])
    expect(resultOf(model.requests[1], 'c1')).toMatchObject({
      isError: true,
      output: 'The tool "pay" was not called: it was denied: too much.',
    })
    const [finished] = ofType(await collect(harness.runs.events('r')), 'tool.finished')
    expect(finished).toMatchObject({
      status: 'failed',
      error: { code: 'tool/denied', meta: { tool: 'pay', reason: 'decision' } },
    })
    expect(finished).not.toHaveProperty('once')
  })

  it('leaves events with the key of its call, and `run.suspended` names it [EVT-7]', async () => {
    const { clock, harness } = askingHarness()
    const session = await harness.getSession('s')
    const handle = await session.agents.payer.start('pay ann', run)
    await rest(clock)
    const approval = await onlyApproval(harness)
    await harness.approvals.resolve(approval, { decision: 'allow', by: 'eve', commandId: 'd1' })
    await clock.until(handle.result)
    const events = await collect(harness.runs.events('r'))
    const { approvalId } = approval
    expect(ofType(events, 'approval.requested')).toMatchObject([
      { key: 'tool-1-1', scope: '', approvalId, subject: { tool: 'pay', callId: 'c1', agent: 'payer' } },
    ])
    expect(ofType(events, 'run.suspended')).toMatchObject([{ waits: [], approvals: [approvalId] }])
    expect(ofType(events, 'approval.resolved')).toMatchObject([
      { key: 'tool-1-1', approvalId, decision: 'allow', by: 'eve', commandId: 'd1' },
    ])
    expect(await typesOfRun(harness, 'r')).toEqual([
      'run.started',
      'model.finished',
      'approval.requested',
      'run.suspended',
      'run.resumed',
      'approval.resolved',
      'step.intended',
      'tool.finished',
      'model.finished',
      'run.finished',
    ])
  })

  it('does not hold back the others of its turn, and all of them are asked for at once [APR-10]', async () => {
    const turn = calls(
      ['c1', 'pay', { to: 'ann', amount: 1 }],
      ['c2', 'look', { who: 'cid' }],
      ['c3', 'pay', { to: 'bea', amount: 2 }],
      ['c4', 'pay', { to: 'dan', amount: 3 }],
    )
    const { clock, harness, paid, looked, model } = askingHarness([turn, says('done')], {
      toolConcurrency: 1,
    })
    const session = await harness.getSession('s')
    const handle = await session.agents.payer.start('pay', run)
    await rest(clock)
    expect(looked).toEqual(['cid'])
    const open = await harness.approvals.list()
    expect(open.map(({ callId }) => callId)).toEqual(['c1', 'c3', 'c4'])
    for (const [index, decision] of [
      [2, 'allow'],
      [0, 'deny'],
      [1, 'allow'],
    ] as const) {
      await harness.approvals.resolve(nth(open, index), { decision })
      await rest(clock)
    }
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(['dan', 'bea'])
    expect(['c1', 'c2', 'c3', 'c4'].map((id) => resultOf(model.requests[1], id)?.isError)).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  it('waits in children inside a fan-out [APR-12]', async () => {
    const { clock, harness, paid } = askingHarness([payAnn, payAnn, says('one'), says('two')])
    const session = await harness.getSession('s')
    const handle = await session.workflows.children.start(null, run)
    await rest(clock)
    const open = await harness.approvals.list({ sessionId: 's' })
    expect(open.map(({ key }) => key).toSorted()).toEqual(['each/0/payer/tool-1-1', 'each/1/payer/tool-1-1'])
    for (const approval of open.toReversed()) await harness.approvals.resolve(approval, { decision: 'allow' })
    expect(await clock.until(handle.result)).toEqual(expect.arrayContaining(['one', 'two']))
    expect(paid).toEqual(['ann', 'ann'])
  })

  it('is answered by another process, after the first one died [APR-11]', async () => {
    const { clock, harness, paid, harnessOf } = askingHarness()
    const session = await harness.getSession('s')
    await session.agents.payer.start('pay ann', run)
    await rest(clock)
    await harness.shutdown()
    const desk = harnessOf({ owner: 'desk' })
    await desk.approvals.resolve(await onlyApproval(desk), { decision: 'allow' })
    await desk.shutdown()
    expect(paid).toEqual([])
    const worker = harnessOf({ owner: 'worker' })
    const handle = nth((await worker.runs.recover()).resumed, 0)
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(['ann'])
  })

  it('asks in workflows as well', async () => {
    const { clock, harness, paid } = askingHarness()
    const session = await harness.getSession('s')
    const handle = await session.workflows.flow.start(null, run)
    await rest(clock)
    const approval = await onlyApproval(harness)
    expect(approval).toMatchObject({ key: 'pay', tool: 'pay', arguments: { to: 'bob', amount: 5 } })
    expect(approval).not.toHaveProperty('callId')
    await harness.approvals.resolve(approval, { decision: 'allow' })
    expect(await clock.until(handle.result)).toEqual({ paid: 'bob' })
    expect(paid).toEqual(['bob'])
  })
})
