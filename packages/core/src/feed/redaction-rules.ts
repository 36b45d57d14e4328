import type { CommittedEvents, TransientEvents } from '../history/event.ts'

/**
 * What becomes of a field: kept, replaced by its SHA-256, kept when it has a form that content does not have, reduced to the facts of an
 * error, or taken apart by rules of its own. A field without a rule is removed.
 */
export type RedactionRule = 'keep' | 'error' | 'hash' | RegExp | { readonly [field: string]: RedactionRule }

/** Names that definitions allow. A model may write any name of a tool, so it is held to this form. */
const toolName = /^[A-Za-z0-9_-]{1,64}$/

/** The provider's own word for why a model stopped. */
const word = /^[A-Za-z0-9_.-]{1,64}$/

/** Ids of calls come from the provider. */
const callId = /^[A-Za-z0-9_.:-]{1,128}$/

/** Who decided, when it is an id or an address. */
const person = /^[A-Za-z0-9_.:@+-]{1,128}$/

const stored = { blob: { bytes: 'keep' } } as const

const ask = { key: 'keep', scope: 'keep', after: 'keep', seen: 'keep', name: 'keep' } as const

const label = {
  agent: 'keep',
  tool: toolName,
  callId,
  model: 'keep',
  finishReason: 'keep',
  rawReason: word,
  usage: {
    inputTokens: 'keep',
    cachedInputTokens: 'keep',
    outputTokens: 'keep',
    reasoningTokens: 'keep',
  },
  history: 'keep',
  guardrail: 'keep',
} as const

const result = {
  ...ask,
  ...stored,
  status: 'keep',
  error: 'error',
  chain: 'keep',
  inputHash: 'keep',
  attempt: 'keep',
  runAttempt: 'keep',
  startedAt: 'keep',
  once: 'keep',
  reconcilable: 'keep',
  label,
} as const

const checkpoint = { kind: 'keep', sequence: 'keep', scope: 'keep' } as const

type EventFields = CommittedEvents & TransientEvents
type FieldOf<Event> = Event extends unknown ? keyof Event & string : never

/** Rules of what events of every type may have. */
export const commonRules: Readonly<Record<string, RedactionRule>> = {
  position: 'keep',
  id: 'keep',
  lineage: { workflow: 'keep', parent: 'keep', delegationCallId: 'keep', depth: 'keep', model: 'keep' },
}

/** Rules by type of event; fields of the types that are not here are removed. */
export const redactionRules: {
  readonly [Type in keyof EventFields]?: Readonly<Partial<Record<FieldOf<EventFields[Type]>, RedactionRule>>>
} = {
  'run.started': {
    target: { kind: 'keep', name: 'keep', version: 'keep' },
    sessionId: 'keep',
    input: stored,
    inputHash: 'keep',
    durable: 'keep',
    timeoutMs: 'keep',
    budget: 'keep',
    options: { model: 'keep', historyWindow: 'keep' },
    historyPosition: 'keep',
    forkedFrom: { runId: 'keep', position: 'keep' },
    trace: { traceparent: 'keep' },
  },
  'run.resumed': { attempt: 'keep', voided: 'keep' },
  'run.suspended': {
    reason: 'keep',
    waits: 'keep',
    approvals: 'keep',
    parked: 'keep',
    dueAt: 'keep',
    activeMs: 'keep',
  },
  'run.finished': { outcome: 'keep', activeMs: 'keep', ...stored, error: 'error', chain: 'keep' },
  'step.finished': result,
  'model.finished': result,
  'tool.finished': result,
  'agent.finished': result,
  'fanout.finished': result,
  'wait.opened': { ...ask, timer: 'keep', dueAt: 'keep' },
  'wait.resolved': { ...result, commandId: 'keep' },
  'signal.rejected': { key: 'keep', commandId: 'keep' },
  'step.retried': { ...ask, attempt: 'keep', error: 'error', delayMs: 'keep', dueAt: 'keep' },
  'step.intended': { ...ask, attempt: 'keep' },
  'approval.requested': {
    ...ask,
    ...stored,
    approvalId: 'keep',
    binding: 'keep',
    subject: { tool: 'keep', toolVersion: 'keep', argumentsHash: 'keep', callId, agent: 'keep' },
    expiresAt: 'keep',
  },
  'approval.resolved': {
    ...ask,
    approvalId: 'keep',
    binding: 'keep',
    decision: 'keep',
    decidedAt: 'keep',
    by: person,
    commandId: 'keep',
  },
  // Whoever wrote it past the harness may have put anything into its ids.
  'approval.rejected': { approvalId: callId, commandId: callId, reason: 'keep' },
  'budget.reserved': {
    key: 'keep',
    attempt: 'keep',
    calls: 'keep',
    tokens: 'keep',
    inputTokens: 'keep',
    outputTokens: 'keep',
    costUsd: 'keep',
    prices: 'keep',
  },
  'budget.extended': {
    commandId: 'keep',
    tokens: 'keep',
    costUsd: 'keep',
    modelCalls: 'keep',
    wallMs: 'keep',
    timeoutMs: 'keep',
  },
  'checkpoint.written': {
    ...checkpoint,
    ...stored,
    agent: 'keep',
    payloadHash: 'keep',
    payloadSizeBytes: 'keep',
    createdAt: 'keep',
  },
  'checkpoint.deleted': checkpoint,
  'workspace.snapshotted': {
    key: 'keep',
    scope: 'keep',
    ref: 'hash',
    files: 'keep',
    bytes: 'keep',
    writtenBytes: 'keep',
  },
  'agent.started': { key: 'keep', agent: 'keep' },
  'model.started': { key: 'keep', model: 'keep', agent: 'keep', attempt: 'keep' },
  'tool.started': { key: 'keep', tool: toolName, callId, agent: 'keep' },
  'fanout.started': { key: 'keep', items: 'keep' },
  'model.delta': { key: 'keep', attempt: 'keep', offset: 'keep', agent: 'keep' },
  'model.object.partial': { key: 'keep', attempt: 'keep', agent: 'keep' },
  'stream.overflow': { dropped: 'keep' },
}
