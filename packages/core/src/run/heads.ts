import { inboxStream, runStream, sessionLease, sessionStream } from '../feed/streams.ts'
import type { Built } from '../history/built.ts'
import type { CommittedEvents } from '../history/event.ts'
import type { RunHistory, RunState } from '../history/fold.ts'
import type { Head, Json } from '../ports/index.ts'

/** The queryable part of a run: what `runs.list` and the checks of `start` need without reading its stream. */
export interface RunFacts {
  readonly target: CommittedEvents['run.started']['target']
  readonly inputHash: string
  /** Workers and `recover()` may go on with it. */
  readonly recoverable: boolean
  readonly attempt: number
  readonly startedAt: number
  /** How many approvals are open; absent: none. */
  readonly openApprovals?: number
  /** Why a suspended run is suspended. */
  readonly suspendReason?: string
  readonly errorCode?: string
}

/** Where a run stands, as its head says. */
export interface RunHead extends RunFacts {
  readonly runId: string
  readonly sessionId: string
  readonly state: RunState
  readonly dueAt?: number
  readonly updatedAt: number
}

/** The facts of a run that its history says. */
export function runFacts(
  ids: { readonly runId: string; readonly sessionId: string },
  history: Pick<RunHistory, 'started' | 'startedAt' | 'hasSuspended'>,
  attempt: number,
): Omit<RunHead, 'state' | 'updatedAt'> {
  const { target, inputHash, durable } = history.started
  return {
    runId: ids.runId,
    sessionId: ids.sessionId,
    target,
    inputHash,
    recoverable: durable || history.hasSuspended,
    attempt,
    startedAt: history.startedAt,
  }
}

/** The head of a run. */
export function runHead(run: RunHead): Head {
  const { runId, sessionId, state, dueAt, updatedAt } = run
  const head: Built<Head> = {
    stream: runStream(runId),
    kind: 'run',
    group: sessionId,
    state,
    leaseKey: sessionLease(sessionId),
    updatedAt,
    data: factsOf(run) as unknown as Json,
  }
  if (dueAt !== undefined) head.dueAt = dueAt
  return head
}

function factsOf(run: RunFacts): RunFacts {
  const { target, inputHash, recoverable, attempt, startedAt } = run
  const { openApprovals, suspendReason, errorCode } = run
  const facts: Built<RunFacts> = { target, inputHash, recoverable, attempt, startedAt }
  if (openApprovals !== undefined) facts.openApprovals = openApprovals
  if (suspendReason !== undefined) facts.suspendReason = suspendReason
  if (errorCode !== undefined) facts.errorCode = errorCode
  return facts
}

/** Reads a run's head back. */
export function toRunHead(head: Head): RunHead {
  return {
    ...(head.data as unknown as RunFacts),
    runId: head.stream.slice('run/'.length),
    sessionId: head.group,
    state: head.state as RunState,
    updatedAt: head.updatedAt,
    ...(head.dueAt !== undefined && { dueAt: head.dueAt }),
  }
}

/** Where a session stands. */
export interface SessionFacts {
  readonly sessionId: string
  /** The run that it is busy with: one that executes, waits or was orphaned. */
  readonly runId?: string
  /** Last position of its stream, so that nobody has to read the stream to know it. */
  readonly position: number
  readonly updatedAt: number
}

/** The head of a session. */
export function sessionHead(session: SessionFacts): Head {
  const { sessionId, runId, position, updatedAt } = session
  return {
    stream: sessionStream(sessionId),
    kind: 'session',
    group: sessionId,
    state: runId === undefined ? 'idle' : 'busy',
    leaseKey: sessionLease(sessionId),
    updatedAt,
    data: { position, ...(runId !== undefined && { runId }) },
  }
}

/** The last position of a session's stream; a session that never had a run has none. */
export function positionOf(head: Head | undefined): number {
  const { position } = (head?.data ?? {}) as { readonly position?: unknown }
  return typeof position === 'number' ? position : 0
}

/** The run in a session's head. */
export function occupantOf(head: Head | undefined): string | undefined {
  if (head?.state !== 'busy') return undefined
  const { runId } = head.data as { readonly runId?: unknown }
  return typeof runId === 'string' ? runId : undefined
}

/** Kind of the head of a run's commands. */
export const inboxKind = 'inbox'

/** Its state while it holds a command that no attempt has read. */
export const unreadState = 'unread'

/** Says whether a run has commands that no attempt has read, so that whoever recovers need not look into each inbox. */
export function inboxHead(
  run: { readonly runId: string; readonly sessionId: string },
  state: typeof unreadState | 'read',
  updatedAt: number,
): Head {
  return { stream: inboxStream(run.runId), kind: inboxKind, group: run.sessionId, state, updatedAt, data: {} }
}
