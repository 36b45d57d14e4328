import type { Entry } from '../ports/index.ts'
import { foldApproval, foldEndOf, forgetApproval, type ConsentRecord } from './approvals.ts'
import { BudgetAccount } from './budget.ts'
import { applyCheckpoint, type CheckpointState } from './checkpoints.ts'
import type { CommittedEvents, CommittedType, ResultData, ResultType, FailureLink } from './event.ts'

/** A result entry with where it stands. */
export interface ResultEntry {
  readonly position: number
  readonly type: ResultType
  readonly data: ResultData
}

/** What the journal knows of a key beside its result. */
export interface PartialAsk {
  readonly key: string
  readonly scope: string
  readonly after: number
  readonly seen?: number
  readonly name?: string
  /** Failed attempts that were to be retried. */
  attempts: number
  /** A `once` effect was started. */
  intended: boolean
  /** The next attempt is not made before this time. */
  dueAt?: number
  readonly kind: 'wait' | 'step'
  /** Where `wait.opened` stands, and when the wait is due. */
  opened?: { readonly position: number; readonly dueAt?: number }
  /** The latest consent that was asked for before the effect. */
  consent?: ConsentRecord
  readonly positions: number[]
}

/** Where a run stands. */
export type RunState = 'running' | 'suspended' | 'failed' | 'succeeded' | 'cancelled'

/** Everything that the entries of one run say. */
export interface RunHistory {
  readonly started: CommittedEvents['run.started']
  readonly startedAt: number
  state: RunState
  finished?: CommittedEvents['run.finished']
  suspended?: CommittedEvents['run.suspended']
  /** It has suspended before, so workers may go on with it even if it was not asked to be durable. */
  hasSuspended: boolean
  attempt: number
  lastPosition: number
  /** Milliseconds under a lease in all attempts before this one. */
  activeMs: number
  /** Owners that were lost since the last entry that was not a resume. */
  lostOwners: number
  /** Results in journal order, voided ones left out. */
  readonly results: ResultEntry[]
  readonly partial: Map<string, PartialAsk>
  /** Commands that were consumed. */
  readonly commands: Set<string>
  /** Present when the run has a budget. */
  readonly budget?: BudgetAccount
  /** What commands have added to the time limit. */
  extendedMs: number
  readonly checkpoints: CheckpointState
  /** The files as the last recorded step left them; absent: none were kept. */
  files?: { readonly ref: string }
  /** The snapshot right before the entry that comes next. */
  kept?: { readonly position: number; readonly key: string; readonly ref: string }
  /** Every approval that was asked for, by its id. */
  readonly approvals: Map<string, ConsentRecord>
}

const resultTypes: ReadonlySet<string> = new Set<ResultType>([
  'step.finished',
  'model.finished',
  'tool.finished',
  'agent.finished',
  'fanout.finished',
  'wait.resolved',
])

/** Whether an entry is the recorded end of something that was asked for. */
export function isResult(type: string): type is ResultType {
  return resultTypes.has(type)
}

/** Folds the entries of `run/<id>`; `undefined` when there are none. */
export function foldRun(entries: readonly Entry[]): RunHistory | undefined {
  const first = entries[0]
  if (first === undefined) return undefined
  const started = first.data as unknown as CommittedEvents['run.started']
  const history: RunHistory = {
    started,
    startedAt: first.at,
    state: 'running',
    hasSuspended: false,
    attempt: 1,
    lastPosition: 0,
    activeMs: 0,
    lostOwners: 0,
    results: [],
    partial: new Map(),
    commands: new Set(),
    extendedMs: 0,
    checkpoints: new Map(),
    approvals: new Map(),
    ...(started.budget !== undefined && { budget: new BudgetAccount(started.budget) }),
  }
  const voided = voidedPositions(entries)
  let attemptStart = first.at
  let previous = first
  for (const entry of entries) {
    const type = entry.type as CommittedType
    if (type === 'run.resumed') {
      // An attempt that ended without saying how long it ran counts until its last entry.
      if (history.state === 'running') history.activeMs += Math.max(0, previous.at - attemptStart)
      attemptStart = entry.at
    }
    if (!voided.has(entry.position)) applyEntry(history, entry)
    else if (type.startsWith('approval.')) forgetApproval(history, entry)
    // Commands to the run that was forked are none to the fork, whose inbox may use their ids.
    if (entry.position === started.forkedFrom?.position) history.commands.clear()
    history.budget?.apply(entry)
    history.lostOwners =
      type === 'run.resumed' && previous.type === 'run.resumed' ? history.lostOwners + 1 : 0
    previous = entry
  }
  history.lastPosition = previous.position
  if (history.state === 'running') history.activeMs += Math.max(0, previous.at - attemptStart)
  return history
}

const noPositions: ReadonlySet<number> = new Set()

/** Positions that a resume of a failed run took out of the history. */
function voidedPositions(entries: readonly Entry[]): ReadonlySet<number> {
  if (!entries.some((entry) => entry.type === 'run.resumed')) return noPositions
  const voided = new Set<number>()
  for (const entry of entries) {
    if (entry.type !== 'run.resumed') continue
    for (const position of (entry.data as unknown as CommittedEvents['run.resumed']).voided ?? [])
      voided.add(position)
  }
  return voided
}

function applyEntry(history: RunHistory, entry: Entry): void {
  const type = entry.type as CommittedType
  if (isResult(type)) {
    const data = entry.data as unknown as ResultData & { readonly commandId?: string }
    // The entry itself: a history of ten thousand results is folded at every resume.
    history.results.push(entry as unknown as ResultEntry)
    if (data.commandId !== undefined) history.commands.add(data.commandId)
    if (history.approvals.size > 0) foldEndOf(history, data.key)
    if (history.kept !== undefined) foldFiles(history, entry.position, data.key)
    return
  }
  switch (type) {
    case 'run.resumed':
      history.state = 'running'
      history.attempt = (entry.data as unknown as CommittedEvents['run.resumed']).attempt
      delete history.finished
      delete history.suspended
      return
    case 'run.suspended':
      history.state = 'suspended'
      history.hasSuspended = true
      history.suspended = entry.data as unknown as CommittedEvents['run.suspended']
      history.activeMs += history.suspended.activeMs
      return
    case 'run.finished':
      history.finished = entry.data as unknown as CommittedEvents['run.finished']
      history.state = history.finished.outcome
      history.activeMs += history.finished.activeMs
      return
    case 'signal.rejected':
      history.commands.add((entry.data as unknown as CommittedEvents['signal.rejected']).commandId)
      return
    case 'budget.extended': {
      const { commandId, timeoutMs = 0 } = entry.data as unknown as CommittedEvents['budget.extended']
      history.commands.add(commandId)
      history.extendedMs += timeoutMs
      return
    }
    case 'approval.rejected':
      history.commands.add((entry.data as unknown as CommittedEvents['approval.rejected']).commandId)
      return
    case 'wait.opened':
    case 'step.retried':
    case 'step.intended':
    case 'approval.requested':
    case 'approval.resolved':
      applyPartial(history, entry)
      return
    case 'workspace.snapshotted': {
      const { key, ref } = entry.data as unknown as CommittedEvents['workspace.snapshotted']
      history.kept = { position: entry.position, key, ref }
      return
    }
    case 'checkpoint.written':
    case 'checkpoint.deleted':
      applyCheckpoint(history.checkpoints, entry)
      return
    default:
  }
}

/** A snapshot counts with the result that follows it, so a step that is not recorded, or voided, leaves no files. */
function foldFiles(history: RunHistory, position: number, key: string): void {
  const { kept } = history
  if (kept?.key === key && kept.position === position - 1) history.files = { ref: kept.ref }
}

type PartialType =
  'wait.opened' | 'step.retried' | 'step.intended' | 'approval.requested' | 'approval.resolved'

function applyPartial(history: RunHistory, entry: Entry): void {
  const type = entry.type as PartialType
  const data = entry.data as unknown as CommittedEvents[PartialType]
  let partial = history.partial.get(data.key)
  if (partial === undefined) {
    const kind = entry.type === 'wait.opened' ? 'wait' : 'step'
    const { key, scope, after, seen, name } = data
    partial = {
      key,
      scope,
      after,
      ...(seen !== undefined && { seen }),
      ...(name !== undefined && { name }),
      kind,
      attempts: 0,
      intended: false,
      positions: [],
    }
    history.partial.set(data.key, partial)
  }
  partial.positions.push(entry.position)
  if (entry.type === 'step.retried') {
    partial.attempts++
    const { dueAt } = data as CommittedEvents['step.retried']
    if (dueAt === undefined) delete partial.dueAt
    else partial.dueAt = dueAt
  }
  if (entry.type === 'step.intended') partial.intended = true
  if (entry.type === 'wait.opened') {
    const { dueAt } = data as CommittedEvents['wait.opened']
    partial.opened = { position: entry.position, ...(dueAt !== undefined && { dueAt }) }
  }
  if (type.startsWith('approval.')) partial.consent = foldApproval(history, entry)
}

/** The links of a failure as an entry holds them. */
export function chainOf(finished: CommittedEvents['run.finished'] | undefined): readonly FailureLink[] {
  return finished?.outcome === 'failed' ? (finished.chain ?? []) : []
}
