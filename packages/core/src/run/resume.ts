import { HarnessError } from '../errors/harness-error.ts'
import { readAll } from '../feed/read.ts'
import { runStream, sessionStream } from '../feed/streams.ts'
import { commit, toEntry } from '../feed/writer.ts'
import { openConsents } from '../history/approvals.ts'
import { foldRun, type RunHistory } from '../history/fold.ts'
import { planResume } from '../history/resume-plan.ts'
import type { TraceContext } from '../history/event.ts'
import type { Entry } from '../ports/index.ts'
import { canonicalJson } from '../schema/json.ts'
import { closeOrphan, logAbandoned, type OrphanEnd } from './abandon.ts'
import { takeSession } from './busy.ts'
import { notFound } from './commands.ts'
import { targetOf, type Definition } from './definition.ts'
import type { Engine } from './engine.ts'
import { execute } from './execution.ts'
import { createHandle, type RunHandle } from './handle.ts'
import { positionOf, runFacts, runHead, sessionHead, type RunHead } from './heads.ts'
import { LiveRun } from './live-run.ts'
import { tellRefusal, type AttemptObserver } from './observer.ts'
import type { Ownership } from './owner.ts'
import { recordedEnd } from './recorded-end.ts'
import { cancelledError } from './settle.ts'
import type { StartRequest } from './start-request.ts'

/**
 * Goes on with a run that has this id already. Another session, input, target or version is a conflict, and
 * nothing of the run is shown to whoever asked.
 */
export async function goOn(
  engine: Engine,
  head: RunHead,
  asked: { readonly request: StartRequest; readonly inputHash: string },
): Promise<RunHandle> {
  const { request, inputHash } = asked
  const same =
    head.sessionId === request.sessionId &&
    head.inputHash === inputHash &&
    canonicalJson(head.target) === canonicalJson(targetOf(request.definition))
  if (!same) throw conflict(head.runId)
  return resumeInTurn(engine, head, request.definition, request.trace)
}

/** Gives the handle of a run, going on with it when nobody else does. */
export function resumeRun(engine: Engine, head: RunHead, definition: Definition): Promise<RunHandle> {
  return engine.live.inTurn(head.runId, () => resumeInTurn(engine, head, definition))
}

async function resumeInTurn(
  engine: Engine,
  head: RunHead,
  definition: Definition,
  trace?: TraceContext,
): Promise<RunHandle> {
  const { runId, sessionId } = head
  const here = engine.live.get(runId)
  if (here?.attempt !== undefined) return createHandle(engine, here)
  if (head.state === 'cancelled') throw cancelledError(runId, undefined)
  if (head.state === 'succeeded') return finishedHandle(engine, runId, sessionId)
  const owner = await takeSession(engine, sessionId, runId)
  try {
    return await resumeOwned(engine, { runId, sessionId, definition, owner, trace })
  } catch (error) {
    await owner.release().catch(() => undefined)
    throw error
  }
}

/** A run and the lease under which it goes on. */
export interface Resumable {
  readonly runId: string
  readonly sessionId: string
  readonly definition: Definition
  readonly owner: Ownership
  /** The trace that the call names, if a call asked for it. */
  readonly trace?: TraceContext | undefined
}

/** Records that the holder of the session's lease goes on with a run, and executes it. */
export async function resumeOwned(engine: Engine, run: Resumable): Promise<RunHandle> {
  const { runId, sessionId, definition, owner } = run
  const [head] = await engine.journal.heads({ streams: [sessionStream(sessionId)] })
  owner.sessionPosition = positionOf(head)
  const orphan = await closeOrphan(engine, { sessionId, head }, runId)
  const entries = await readAll(engine.journal, runStream(runId))
  const before = foldRun(entries)
  if (before === undefined) throw notFound(runId)
  if (before.state === 'succeeded' || before.state === 'cancelled') {
    await owner.release()
    return finishedHandle(engine, runId, sessionId)
  }
  const observer = observeResume(engine, run, before)
  const history = await tellRefusal(observer, () => commitResume(engine, run, { entries, before, orphan }))
  return execute(engine, { runId, sessionId, definition, history, ownership: owner, observer })
}

function observeResume(engine: Engine, run: Resumable, before: RunHistory): AttemptObserver | undefined {
  const { started, attempt } = before
  return engine.observer?.attempt({
    runId: run.runId,
    sessionId: run.sessionId,
    target: started.target,
    attempt: attempt + 1,
    durable: started.durable,
    metadata: started.metadata ?? {},
    before,
    ...(run.trace !== undefined && { parent: run.trace }),
  })
}

async function commitResume(
  engine: Engine,
  run: Resumable,
  known: { readonly entries: readonly Entry[]; readonly before: RunHistory; readonly orphan: OrphanEnd },
): Promise<RunHistory> {
  const { runId, sessionId, owner } = run
  const { before, entries, orphan } = known
  const voided = before.state === 'failed' ? voidedBy(runId, before) : []
  const attempt = before.attempt + 1
  const openApprovals = openConsents(before).length
  const now = engine.platform.now()
  const entry = toEntry({ type: 'run.resumed', data: { attempt, ...(voided.length > 0 && { voided }) } }, now)
  await commit(engine, {
    fence: owner.fence,
    expect: [{ stream: runStream(runId), position: before.lastPosition }],
    entries: [{ stream: runStream(runId), entries: [entry] }, ...orphan.entries],
    heads: [
      runHead({
        ...runFacts({ runId, sessionId }, before, attempt),
        state: 'running',
        updatedAt: now,
        ...(openApprovals > 0 && { openApprovals }),
      }),
      sessionHead({ sessionId, runId, position: owner.sessionPosition, updatedAt: now }),
      ...orphan.heads,
    ],
  })
  logAbandoned(engine, orphan.runId)
  const history = foldRun([...entries, { ...entry, position: before.lastPosition + 1 }])
  if (history === undefined) throw notFound(runId)
  return history
}

function voidedBy(runId: string, history: RunHistory): readonly number[] {
  const plan = planResume(history)
  if (plan.resumable) return plan.voided
  const why = {
    no_recorded_failure: 'no recorded failure is behind its error',
    handled: 'its code went on after the failure',
    once: 'the failed step may not run twice and cannot be reconciled',
  }[plan.reason]
  throw new HarnessError({
    code: 'run/not-resumable',
    message: `The run "${runId}" failed and cannot be resumed: ${why}. Fork it with harness.runs.fork().`,
    meta: { runId, reason: plan.reason },
  })
}

/** The handle of a run that has ended: its events, and the outcome as it was recorded. */
async function finishedHandle(engine: Engine, runId: string, sessionId: string): Promise<RunHandle> {
  const live = new LiveRun(runId, sessionId)
  live.settle(await recordedEnd(engine, runId))
  return createHandle(engine, live)
}

function conflict(runId: string): HarnessError {
  return new HarnessError({
    code: 'run/conflict',
    message: `The run id "${runId}" is taken by another session, input, target or version. Use another id.`,
    meta: { runId },
  })
}
