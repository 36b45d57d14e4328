import { describe, expect, it } from 'vitest'
import { redactEvent } from '../../src/feed/redact.ts'
import { redactionRules } from '../../src/feed/redaction-rules.ts'
import type { CommittedEvents, RunEvent, TransientEvents } from '../../src/history/event.ts'
import { collect } from '../fixtures/collect.ts'
import { waitingHarness } from '../fixtures/waiting-harness.ts'

/** Stands wherever an event may carry content. */
const content = 'the secret of the customer'

const lineage = { workflow: 'w', parent: '', delegationCallId: 'delegate_1', depth: 1, model: 'fast' }
const ask = { key: 'a/b', scope: 'a', after: 3, seen: 4, name: 'b' }
const error = {
  name: 'HarnessError',
  message: content,
  code: 'model/auth',
  retryable: true,
  meta: { raw: content },
}
const usage = { inputTokens: 1, cachedInputTokens: 2, outputTokens: 3, reasoningTokens: 4 }
const label = {
  agent: 'scout',
  tool: 'lookup',
  callId: 'call_1',
  model: 'fast',
  finishReason: 'stop',
  rawReason: 'end_turn',
  usage,
  history: 'own',
  guardrail: 'output',
}
const result = {
  ...ask,
  status: 'ok',
  value: { answer: content },
  blob: { ref: content, bytes: 70_000 },
  error,
  chain: [{ position: 2, scope: 'a' }],
  inputHash: 'hash',
  attempt: 2,
  runAttempt: 3,
  startedAt: 5,
  once: true,
  reconcilable: true,
  label,
}
const gone = '[redacted]'
const goneError = { name: 'HarnessError', message: gone, code: 'model/auth', retryable: true, meta: gone }
const goneResult = { ...result, value: gone, blob: { ref: gone, bytes: 70_000 }, error: goneError }

/** Every event with every field that it can have, and what is left of it. */
const samples: Readonly<
  Record<keyof CommittedEvents | keyof TransientEvents, readonly [given: object, left: object]>
> = {
  'run.started': [
    {
      target: { kind: 'agent', name: 'scout', version: '1' },
      sessionId: 's',
      input: { value: content, blob: { ref: content, bytes: 70_000 } },
      inputHash: 'hash',
      durable: true,
      timeoutMs: 5,
      budget: { tokens: 7 },
      metadata: { note: content },
      options: { model: 'fast', historyWindow: 3, more: content },
      historyPosition: 2,
      forkedFrom: { runId: 'r0', position: 4 },
      trace: { traceparent: '00-ab-cd-01', tracestate: content },
    },
    {
      target: { kind: 'agent', name: 'scout', version: '1' },
      sessionId: 's',
      input: { value: gone, blob: { ref: gone, bytes: 70_000 } },
      inputHash: 'hash',
      durable: true,
      timeoutMs: 5,
      budget: { tokens: 7 },
      metadata: gone,
      options: { model: 'fast', historyWindow: 3, more: gone },
      historyPosition: 2,
      forkedFrom: { runId: 'r0', position: 4 },
      trace: { traceparent: '00-ab-cd-01', tracestate: gone },
    },
  ],
  'run.resumed': same({ attempt: 2, voided: [3] }),
  'run.suspended': same({
    reason: 'waiting',
    waits: ['go'],
    approvals: ['x.1'],
    parked: [{ key: 'a', reason: 'deferred' }],
    dueAt: 9,
    activeMs: 1,
  }),
  'run.finished': [
    {
      outcome: 'failed',
      activeMs: 1,
      value: content,
      blob: { ref: content, bytes: 1 },
      reason: content,
      error,
      chain: [],
    },
    {
      outcome: 'failed',
      activeMs: 1,
      value: gone,
      blob: { ref: gone, bytes: 1 },
      reason: gone,
      error: goneError,
      chain: [],
    },
  ],
  'step.finished': [result, goneResult],
  'model.finished': [result, goneResult],
  'tool.finished': [result, goneResult],
  'agent.finished': [result, goneResult],
  'fanout.finished': [result, goneResult],
  'wait.opened': same({ ...ask, timer: false, dueAt: 4 }),
  'wait.resolved': [
    { ...result, commandId: 'c' },
    { ...goneResult, commandId: 'c' },
  ],
  'workspace.snapshotted': [
    { key: 'a', scope: '', ref: 'abc', files: 2, bytes: 9, writtenBytes: 4 },
    {
      key: 'a',
      scope: '',
      ref: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      files: 2,
      bytes: 9,
      writtenBytes: 4,
    },
  ],
  'signal.rejected': [
    { key: 'go', commandId: 'c', issues: [{ path: 'a', message: content }] },
    { key: 'go', commandId: 'c', issues: gone },
  ],
  'approval.requested': [
    {
      ...ask,
      approvalId: 'x.1',
      binding: 'hash',
      subject: { tool: 'pay', toolVersion: '1', argumentsHash: 'hash', callId: 'c1', agent: 'payer' },
      value: { to: content },
      blob: { ref: content, bytes: 70_000 },
      expiresAt: 9,
    },
    {
      ...ask,
      approvalId: 'x.1',
      binding: 'hash',
      subject: { tool: 'pay', toolVersion: '1', argumentsHash: 'hash', callId: 'c1', agent: 'payer' },
      value: gone,
      blob: { ref: gone, bytes: 70_000 },
      expiresAt: 9,
    },
  ],
  'approval.resolved': [
    {
      ...ask,
      approvalId: 'x.1',
      binding: 'hash',
      decision: 'deny',
      decidedAt: 8,
      by: 'eve@example.com',
      reason: content,
      commandId: 'c',
    },
    {
      ...ask,
      approvalId: 'x.1',
      binding: 'hash',
      decision: 'deny',
      decidedAt: 8,
      by: 'eve@example.com',
      reason: gone,
      commandId: 'c',
    },
  ],
  'approval.rejected': [
    { approvalId: content, commandId: 'c', reason: 'unknown' },
    { approvalId: gone, commandId: 'c', reason: 'unknown' },
  ],
  'step.retried': [
    { ...ask, attempt: 1, error, delayMs: 5, dueAt: 6 },
    { ...ask, attempt: 1, error: goneError, delayMs: 5, dueAt: 6 },
  ],
  'budget.reserved': same({
    key: 'model-1',
    attempt: 1,
    calls: 1,
    tokens: 9,
    inputTokens: 5,
    outputTokens: 4,
    costUsd: 0.1,
    prices: { inputUsdPerMTok: 1, outputUsdPerMTok: 2 },
  }),
  'budget.extended': same({
    commandId: 'c',
    tokens: 9,
    costUsd: 1,
    modelCalls: 2,
    wallMs: 3,
    timeoutMs: 4,
  }),
  'checkpoint.written': [
    {
      kind: 'summary',
      sequence: 1,
      scope: '',
      agent: 'scout',
      metadata: { note: content },
      value: { text: content },
      blob: { ref: content, bytes: 1 },
      payloadHash: 'hash',
      payloadSizeBytes: 9,
      createdAt: 3,
    },
    {
      kind: 'summary',
      sequence: 1,
      scope: '',
      agent: 'scout',
      metadata: gone,
      value: gone,
      blob: { ref: gone, bytes: 1 },
      payloadHash: 'hash',
      payloadSizeBytes: 9,
      createdAt: 3,
    },
  ],
  'checkpoint.deleted': same({ kind: 'summary', sequence: 1, scope: '' }),
  'step.intended': same({ ...ask, attempt: 1 }),
  'agent.started': same({ key: 'scout', agent: 'scout' }),
  'model.started': same({ key: 'model-1', model: 'fast', agent: 'scout', attempt: 1 }),
  'tool.started': same({ key: 'tool-1-1', tool: 'lookup', callId: 'call_1', agent: 'scout' }),
  'fanout.started': same({ key: 'items', items: 3 }),
  'model.delta': [
    { key: 'model-1', attempt: 1, offset: 0, text: content, agent: 'scout' },
    { key: 'model-1', attempt: 1, offset: 0, text: gone, agent: 'scout' },
  ],
  'model.object.partial': [
    { key: 'model-1', attempt: 1, value: { note: content }, agent: 'scout' },
    { key: 'model-1', attempt: 1, value: gone, agent: 'scout' },
  ],
  'stream.overflow': same({ dropped: 3 }),
}

function same(fields: object): readonly [object, object] {
  return [fields, fields]
}

const eventOf = (type: string, fields: object): RunEvent =>
  ({ type, runId: 'r', position: 1, at: 2, id: 'a/b@1', lineage, ...fields }) as unknown as RunEvent

describe('the audit view [EVT-22]', () => {
  it.each(Object.entries(samples))('of %s keeps what is listed [EVT-22]', (type, [given, left]) => {
    const event = redactEvent(eventOf(type, given))
    expect(event).toEqual({ type, runId: 'r', position: 1, at: 2, id: 'a/b@1', lineage, ...left })
    expect(JSON.stringify(event)).not.toContain(content)
  })

  it('has rules for every type of event, and for no other [EVT-22]', () => {
    expect(Object.keys(redactionRules).toSorted()).toEqual(Object.keys(samples).toSorted())
  })

  it('removes a field that nobody has listed, at any depth [EVT-22]', () => {
    for (const type of Object.keys(samples)) {
      const event = eventOf(type, {
        brandNew: content,
        label: { brandNew: content },
        input: { brandNew: content },
      })
      expect(JSON.stringify(redactEvent(event)), type).not.toContain(content)
      expect(redactEvent(event)['brandNew'], type).toBe(gone)
    }
    expect(JSON.stringify(redactEvent(eventOf('not.known', { a: content })))).not.toContain(content)
  })

  it('removes what a model or user code wrote into names and codes [EVT-22]', () => {
    const odd = {
      ...result,
      label: { tool: `${content}!`, callId: `${content}?`, rawReason: content },
      error: { name: 'sk-live-4242', message: content, code: 'sk-live-4242' },
    }
    expect(redactEvent(eventOf('tool.finished', odd))).toMatchObject({
      label: { tool: gone, callId: gone, rawReason: gone },
      error: { name: 'Error', code: 'Error', message: gone },
    })
  })

  it('removes the name of a tool that a model made up [EVT-22]', () => {
    const call = {
      ...result,
      label: { ...label, tool: 'made_up' },
      error: { ...error, code: 'tool/not-found' },
    }
    expect(redactEvent(eventOf('tool.finished', call))).toMatchObject({
      label: { agent: 'scout', tool: gone },
    })
  })

  it('yields the same events as runs.events, at the same positions [EVT-22]', async () => {
    const { harness, clock } = waitingHarness()
    const session = await harness.getSession('s')
    await clock.until(session.workflows.quick.run(content, { durable: { runId: 'r' } }))
    const events = await collect(harness.runs.events('r'))
    const audit = await collect(harness.runs.audit('r'))
    expect(audit.map(({ type, position }) => [type, position])).toEqual(
      events.map((event) => [event.type, 'position' in event ? event.position : undefined]),
    )
    expect(audit.map(({ type }) => type)).toEqual(['run.started', 'step.finished', 'run.finished'])
    expect(JSON.stringify(events)).toContain(content)
    expect(JSON.stringify(audit)).not.toContain(content)
    expect((await collect(harness.runs.audit('r', { after: 2 }))).map(({ type }) => type)).toEqual([
      'run.finished',
    ])
  })

  it('is left without waiting for the next event', async () => {
    const { harness, clock, outside } = waitingHarness()
    const session = await harness.getSession('s')
    const handle = await session.workflows.hold.start(null, { durable: { runId: 'r' } })
    const audit = harness.runs.audit('r')
    expect((await audit.next()).value?.type).toBe('run.started')
    expect(await audit.return?.()).toEqual({ done: true, value: undefined })
    await clock.settle()
    outside.release()
    expect(await clock.until(handle.result)).toBe('released')
  })
})
