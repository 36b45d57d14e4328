import { describe, expect, it } from 'vitest'
import { inboxStream, runStream } from '../src/feed/streams.ts'
import type { Approval, Harness } from '../src/index.ts'
import type { Json, Store } from '../src/ports/index.ts'
import { askingHarness, nth, onlyApproval, payAnn, rest } from './fixtures/asking-harness.ts'
import { failureOf } from './fixtures/collect.ts'
import { says } from './fixtures/scripted-model.ts'

const hour = 3_600_000

/** A suspended run that asks for one approval. */
async function asked(runId = 'r', world = askingHarness(undefined, { approvalTimeoutMs: hour })) {
  const session = await world.harness.getSession(`session-${runId}`)
  const handle = await session.agents.payer.start('pay', { durable: { runId } })
  await rest(world.clock)
  const approval = await onlyApproval({
    approvals: {
      ...world.harness.approvals,
      list: () => world.harness.approvals.list({ runId }),
    },
  })
  return { ...world, handle, approval }
}

const allow = { decision: 'allow' } as const

/** Why a decision was refused. */
async function refusal(harness: Harness, approval: Approval, runId = approval.runId): Promise<unknown> {
  const error = await failureOf(harness.approvals.resolve(approval, allow))
  expect(error).toMatchObject({ code: 'approval/refused', meta: { runId } })
  return error.meta['reason']
}

/** Writes into the inbox as somebody does who goes around the harness. */
async function smuggle(store: Store, runId: string, at: number, data: Json): Promise<void> {
  await store.journal.append({
    id: `smuggled-${Math.random()}`,
    entries: [{ stream: inboxStream(runId), entries: [{ type: 'command.approve', at, data }] }],
  })
}

/** What the run has recorded so far of one type. */
async function recorded(store: Store, type: string): Promise<Readonly<Record<string, string>>[]> {
  const entries = await store.journal.read(runStream('r'))
  return entries.filter((entry) => entry.type === type).map(({ data }) => data as Record<string, string>)
}

async function rejections(store: Store): Promise<unknown[]> {
  return (await recorded(store, 'approval.rejected')).map(({ reason }) => reason)
}

describe('a decision that does not count', () => {
  it.each([undefined, null, 'allow', {}, { decision: 'yes' }])('as %j is not one', async (decision) => {
    const { harness, approval } = await asked()
    expect(await failureOf(harness.approvals.resolve(approval, decision as never))).toMatchObject({
      code: 'validation/options',
      meta: { field: 'decision' },
    })
    expect(await harness.approvals.list()).toHaveLength(1)
  })

  it('about an approval that nobody asked for is refused [APR-13]', async () => {
    const { harness, approval, paid } = await asked()
    const [mark] = approval.approvalId.split('.')
    expect(await refusal(harness, { ...approval, approvalId: `${mark}.invented` })).toBe('unknown')
    expect(await refusal(harness, { ...approval, approvalId: 'invented' })).toBe('wrong_run')
    expect(paid).toEqual([])
    expect(await harness.approvals.list()).toHaveLength(1)
  })

  it.each([
    ['key', 'tool-1-2'],
    ['tool', 'look'],
    ['toolVersion', 'another'],
    ['callId', 'c2'],
    ['agent', 'another'],
    ['argumentsHash', 'another'],
    ['arguments', { to: 'eve', amount: 3 }],
    ['expiresAt', 9_999_999_999_999],
  ] as const)('about another %s is refused [APR-7, APR-15]', async (field, value) => {
    const { harness, approval, paid } = await asked()
    expect(await refusal(harness, { ...approval, [field]: value })).toBe('mutated')
    const { [field]: _, ...without } = approval
    expect(await refusal(harness, without as Approval)).toBe('mutated')
    expect(paid).toEqual([])
  })

  it('for another run is refused [APR-16]', async () => {
    const first = await asked('one', askingHarness([payAnn, payAnn, says('done'), says('done')]))
    const second = await asked('two', first)
    expect(await refusal(first.harness, { ...first.approval, runId: 'two' })).toBe('wrong_run')
    expect(await refusal(first.harness, { ...second.approval, runId: 'one' })).toBe('wrong_run')
    expect(await refusal(first.harness, { ...first.approval, runId: 'none' })).toBe('wrong_run')
    expect(first.paid).toEqual([])
  })

  it('that comes after the expiry is refused, and the call is denied [APR-17]', async () => {
    const { harness, harnessOf, approval, paid, clock, model } = await asked()
    await harness.shutdown()
    const later = harnessOf({ owner: 'later', approvalTimeoutMs: hour })
    await clock.advance(hour + 1)
    expect(await refusal(later, approval)).toBe('expired')
    expect(await later.approvals.list()).toEqual([])
    const handle = nth((await later.runs.recover()).resumed, 0)
    expect(await clock.until(handle.result)).toBe('done')
    expect(await refusal(later, approval)).toBe('expired')
    expect(JSON.stringify(model.requests[1])).toContain('nobody allowed it in time')
    expect(paid).toEqual([])
  })

  it('that is submitted twice is refused, also when the first was not consumed yet [APR-14, APR-18]', async () => {
    const { harness, approval, paid, clock, handle } = await asked()
    await harness.approvals.resolve(approval, { ...allow, commandId: 'd1' })
    expect(await harness.approvals.list()).toEqual([])
    expect(await refusal(harness, approval)).toBe('already_resolved')
    // The very same decision again is recorded once.
    await harness.approvals.resolve(approval, { ...allow, commandId: 'd1' })
    await clock.advance(10)
    expect(await refusal(harness, approval)).toBe('already_resolved')
    expect(await clock.until(handle.result)).toBe('done')
    expect(await refusal(harness, approval)).toBe('already_resolved')
    await harness.approvals.resolve(approval, { ...allow, commandId: 'd1' })
    expect(paid).toEqual(['ann'])
    const reused = harness.approvals.resolve(approval, { decision: 'deny', commandId: 'd1' })
    expect((await failureOf(reused)).code).toBe('validation/options')
  })

  it('of two that race is refused', async () => {
    const { harness, harnessOf, store, approval, paid, clock, handle } = await asked()
    const desk = harnessOf({ owner: 'desk' })
    const answers = await Promise.allSettled([
      harness.approvals.resolve(approval, { decision: 'deny' }),
      desk.approvals.resolve(approval, allow),
      desk.approvals.resolve(approval, { decision: 'deny' }),
    ])
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const answer of answers) {
      if (answer.status === 'rejected')
        expect(answer.reason).toMatchObject({ meta: { reason: 'already_resolved' } })
    }
    await clock.until(handle.result)
    expect(await rejections(store)).toEqual([])
    expect(paid.length).toBe(answers[1].status === 'fulfilled' ? 1 : 0)
  })

  it('about a run that was cancelled is refused', async () => {
    const { harness, approval, paid } = await asked()
    await harness.runs.cancel('r')
    expect(await harness.approvals.list()).toEqual([])
    expect(await refusal(harness, approval)).toBe('withdrawn')
    expect(paid).toEqual([])
  })

  it('that is no decision is refused', async () => {
    const { harness, approval } = await asked()
    for (const decision of ['ask', 'yes', undefined, true]) {
      const answer = harness.approvals.resolve(approval, { decision } as never)
      expect((await failureOf(answer)).code).toBe('validation/options')
    }
    expect((await failureOf(harness.approvals.resolve({} as never, allow))).code).toBe('validation/options')
    const long = harness.approvals.resolve(approval, { ...allow, reason: 'x'.repeat(1_001) })
    expect((await failureOf(long)).code).toBe('validation/options')
  })
})

describe('a decision that was written past the harness', () => {
  const forged = (approval: Approval, over: Record<string, Json>): Json => ({
    commandId: `forged-${Math.random()}`,
    approvalId: approval.approvalId,
    binding: 'invented',
    decision: 'allow',
    ...over,
  })

  it.each([
    ['mutated', {}],
    ['unknown', { approvalId: 'own.invented' }],
    ['wrong_run', { approvalId: 'AAAAAAAA.invented' }],
    ['invalid', { decision: 'perhaps' }],
    ['expired', {}],
  ] as const)('is rejected as %s and leaves the approval open [APR-13]', async (reason, over) => {
    const { harness, approval, store, clock, paid, handle } = await asked()
    const [mark] = approval.approvalId.split('.')
    const [{ binding = '' } = {}] = await recorded(store, 'approval.requested')
    const approvalId = 'approvalId' in over ? over.approvalId.replace('own', mark ?? '') : approval.approvalId
    const knows = reason === 'invalid' || reason === 'expired'
    const at = clock.now() + (reason === 'expired' ? hour + 1 : 0)
    await smuggle(store, 'r', at, forged(approval, { ...over, approvalId, ...(knows && { binding }) }))
    // Something that every run wakes up for, because only commands of the harness itself are noticed at once.
    await harness.runs.signal('r', 'wake', null)
    await clock.advance(1_000)
    expect(await rejections(store)).toEqual([reason])
    expect(paid).toEqual([])
    expect((await harness.runs.get('r'))?.state).toBe('suspended')
    await harness.approvals.resolve(approval, allow)
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(['ann'])
  })

  it('is rejected after the true one, and the call is executed once [APR-8, APR-14]', async () => {
    const { harness, approval, store, clock, paid, handle } = await asked()
    const [{ binding = '' } = {}] = await recorded(store, 'approval.requested')
    await harness.approvals.resolve(approval, allow)
    await smuggle(store, 'r', clock.now(), forged(approval, { binding }))
    await smuggle(store, 'r', clock.now(), forged(approval, { binding, decision: 'deny' }))
    await clock.advance(10)
    expect(await rejections(store)).toEqual(['already_resolved', 'already_resolved'])
    expect(await clock.until(handle.result)).toBe('done')
    expect(paid).toEqual(['ann'])
  })

  it('as a signal resolves nothing, and a decision resolves no wait', async () => {
    const { clock, harness, paid } = askingHarness()
    const session = await harness.getSession('s')
    const handle = await session.workflows.signals.start(null, { durable: { runId: 'r' } })
    await rest(clock)
    const approval = await onlyApproval(harness)
    for (const name of ['pay', approval.approvalId, 'tool-1-1'])
      await harness.runs.signal('r', name, { decision: 'allow' })
    await harness.runs.signal('r', 'go', { decision: 'allow' }, { key: 'pay' })
    await rest(clock)
    expect(paid).toEqual([])
    await harness.approvals.resolve(approval, allow)
    await rest(clock)
    expect(paid).toEqual(['bob'])
    expect((await harness.runs.get('r'))?.state).toBe('suspended')
    await harness.runs.signal('r', 'go', 1)
    expect(await clock.until(handle.result)).toEqual([{ paid: 'bob' }, 1])
  })
})
