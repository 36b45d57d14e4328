import type { BudgetExtension } from '../define/budget.ts'
import { checkOptions } from '../define/check.ts'
import { auditEvents, type AuditEvent } from '../feed/audit.ts'
import { runStream } from '../feed/streams.ts'
import type { RunEvent } from '../history/event.ts'
import type { RunState } from '../history/fold.ts'
import { sendCommand } from '../run/commands.ts'
import type { Engine } from '../run/engine.ts'
import { followRun, type RunHandle } from '../run/handle.ts'
import { assertOpen, whileOpen } from '../run/open.ts'
import { toRunHead, type RunHead } from '../run/heads.ts'
import { resumeRun } from '../run/resume.ts'
import { cancelIdle } from '../run/cancel-idle.ts'
import { extendRun } from './extend.ts'
import { requireDefinition, requireHead } from './lookup.ts'
import { forkRun, type ForkOptions } from './fork.ts'
import { pruneRuns, type PruneOptions, type PruneResult } from './prune.ts'
import { recover, type RecoverResult } from './recover.ts'
import { runSummary, type RunSummary } from './summary.ts'

/** A run as `runs.get` and `runs.list` show it. */
export interface RunInfo {
  readonly runId: string
  readonly sessionId: string
  readonly kind: string
  readonly name: string
  readonly version: string
  readonly state: RunState
  readonly attempt: number
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly updatedAt: number
  /** When a suspended run is due by itself. */
  readonly dueAt?: number
  /** How many approvals are open; absent: none. */
  readonly openApprovals?: number
  /** Why it is suspended. */
  readonly suspendReason?: string
  /** The code of its failure. */
  readonly errorCode?: string
}

/** Conditions of `runs.list`, joined by *and*. */
export interface RunFilter {
  readonly sessionId?: string
  readonly states?: readonly RunState[]
  /** Ids after this one, for paging. */
  readonly after?: string
  /** At most this many; default 100, at most 1,000. */
  readonly limit?: number
}

/** Runs of the store, whichever process started them. */
export interface Runs {
  /** `undefined` when there is none. */
  get(runId: string): Promise<RunInfo | undefined>
  /** In ascending order of ids; ids made by Belay sort by time. */
  list(filter?: RunFilter): Promise<RunInfo[]>
  /** Counts of steps, calls and tokens, summed from what was recorded. */
  summary(runId: string): Promise<RunSummary>
  /**
   * Records a cancel; a run that nobody executes ends at once. The same `commandId` again is recorded once. A reason has
   * at most 1,000 characters.
   */
  cancel(runId: string, options?: { readonly reason?: string; readonly commandId?: string }): Promise<void>
  /** Records a value for a wait, from any process, before or after the wait opens. */
  signal(
    runId: string,
    name: string,
    value: unknown,
    options?: { readonly commandId?: string; readonly key?: string },
  ): Promise<void>
  /**
   * Records more for the budget of a run, or for its time limit, from any process. A run that is suspended as
   * `budget/exhausted` goes on then; only limits that it has can be raised.
   */
  extend(runId: string, more: BudgetExtension, options?: { readonly commandId?: string }): Promise<void>
  /** Goes on with a suspended, failed or orphaned run in this process. */
  resume(runId: string): Promise<RunHandle>
  /** A new run with the history of another up to a position. */
  fork(runId: string, options?: ForkOptions): Promise<RunHandle>
  /** Goes on with recoverable runs whose owner died and with waits that are due; closes the other orphans. */
  recover(): Promise<RecoverResult>
  /** Removes finished runs with their inboxes and blobs. Suspended and running ones stay. */
  prune(options: PruneOptions): Promise<PruneResult>
  /** Events after a position; works for runs of other processes. Ends after the run's end; a run that does not exist has none. */
  events(runId: string, options?: { readonly after?: number }): AsyncIterableIterator<RunEvent>
  /** The same events without content: a value that was removed reads `'[redacted]'`. */
  audit(runId: string, options?: { readonly after?: number }): AsyncIterableIterator<AuditEvent>
}

/** The runs of one harness. */
export function createRuns(engine: Engine): Runs {
  const open = <T>(work: () => Promise<T>): Promise<T> => whileOpen(engine, work)
  const runs: Runs = {
    get: (runId) => open(() => getRun(engine, runId)),
    list: (filter = {}) => open(() => listRuns(engine, filter)),
    summary: (runId) => open(() => runSummary(engine, runId)),
    cancel: (runId, { reason, commandId } = {}) =>
      open(async () => {
        const command = { type: 'cancel' as const, ...(reason !== undefined && { reason }) }
        await sendCommand(engine, runId, command, commandId)
        await cancelIdle(engine, runId)
      }),
    signal: (runId, name, value, { commandId, key } = {}) =>
      open(() => {
        checkOptions('runs.signal', { name: name ?? null }, { name: 'name' })
        const command = { type: 'signal' as const, name, value, ...(key !== undefined && { key }) }
        return sendCommand(engine, runId, command, commandId)
      }),
    extend: (runId, more, { commandId } = {}) => open(() => extendRun(engine, { runId, more, commandId })),
    resume: (runId) =>
      open(async () => {
        const head = await requireHead(engine, runId)
        return resumeRun(engine, head, requireDefinition(engine, head))
      }),
    fork: (runId, options = {}) => open(() => forkRun(engine, runId, options)),
    recover: () => open(() => recover(engine)),
    prune: (options) => open(() => pruneRuns(engine, options)),
    events: (runId, { after } = {}) => {
      assertOpen(engine)
      checkOptions('runs.events', { after }, { after: 'limit' })
      return followRun(engine, runId, after ?? 0)
    },
    audit: (runId, { after } = {}) => {
      assertOpen(engine)
      checkOptions('runs.audit', { after }, { after: 'limit' })
      return auditEvents(followRun(engine, runId, after ?? 0))
    },
  }
  return runs
}

async function getRun(engine: Engine, runId: string): Promise<RunInfo | undefined> {
  const [head] = await engine.journal.heads({ streams: [runStream(runId)] })
  return head === undefined ? undefined : toRunInfo(toRunHead(head))
}

async function listRuns(engine: Engine, filter: RunFilter): Promise<RunInfo[]> {
  checkOptions('runs.list', { ...filter }, { limit: 'count', states: 'runStates' })
  const heads = await engine.journal.heads({
    kind: 'run',
    limit: Math.min(filter.limit ?? 100, 1_000),
    ...(filter.sessionId !== undefined && { group: filter.sessionId }),
    ...(filter.states !== undefined && { states: filter.states }),
    ...(filter.after !== undefined && { after: runStream(filter.after) }),
  })
  return heads.map((head) => toRunInfo(toRunHead(head)))
}

function toRunInfo(head: RunHead): RunInfo {
  const { target, inputHash: _hash, recoverable: _recoverable, ...rest } = head
  return { ...rest, ...target }
}
