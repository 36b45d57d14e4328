import { HarnessError } from '../errors/harness-error.ts'
import { deserializeError, serializeError } from '../errors/serialize.ts'
import { errorType } from '../feed/redact.ts'
import { inboxStream, sessionStream } from '../feed/streams.ts'
import type { NewEvent, ParkedRecord, SuspendReason } from '../history/event.ts'
import { conversationOf } from '../history/conversation.ts'
import { encodeValue, storeJson } from '../history/stored-value.ts'
import type { Batch, Json } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import type { ProgramEnd } from './attempt-end.ts'
import { inboxHead, runFacts, runHead, sessionHead, type RunHead } from './heads.ts'
import { filesKeyOf, forgetFilesLater } from './forgotten-files.ts'
import { removeRunMemoryLater } from './run-memory.ts'

/** An end as it was written, with what the caller of the run receives. */
type WrittenEnd = {
  readonly event: Extract<NewEvent, { type: 'run.finished' }>
  readonly program: ProgramEnd
}

/**
 * Writes the outcome of a run: the only place that does. The outcome, the messages of the turn, the heads and
 * the release of the lease are one batch, so a crash leaves all of them or none.
 */
export async function settle(attempt: Attempt, program: ProgramEnd): Promise<ProgramEnd> {
  const { identity, platform, engine } = attempt
  const written = await encodeEnd(attempt, program)
  const now = platform.now()
  const outcome = written.event.data.outcome
  const { error } = written.event.data as { readonly error?: { readonly code?: string } }
  const also = await sessionEntries(attempt, now)
  const { sessionPosition } = attempt.ownership
  const dropped = engine.live.oldestToDrop()
  await attempt.writer.close({
    event: written.event,
    heads: [
      runHead({
        ...facts(attempt),
        state: outcome,
        updatedAt: now,
        ...(error?.code !== undefined && { errorCode: error.code }),
      }),
      sessionHead({ sessionId: identity.sessionId, position: sessionPosition + also.length, updatedAt: now }),
      ...(attempt.inbox.position > 0 ? [inboxHead(identity, 'read', now)] : []),
    ],
    also,
    ...(dropped !== undefined && { drop: dropped.streams }),
  })
  engine.live.retire(identity.runId, filesKeyOf(attempt), dropped?.runId)
  if (dropped !== undefined) {
    removeRunMemoryLater(engine.memory, dropped.runId, engine.logger)
    forgetFilesLater(engine, dropped)
  }
  logEnd(attempt, written.event.data)
  return written.program
}

/**
 * Suspends a run that is at rest. The batch expects the inbox as it was read: a command that came in between
 * makes it fail, so no wake-up is lost.
 */
export async function suspend(attempt: Attempt, inboxPosition: number): Promise<void> {
  const { identity, platform, waits, parked, approvals } = attempt
  const { ids } = approvals
  const dueAt = Math.min(waits.dueAt ?? Infinity, approvals.dueAt ?? Infinity, parked.dueAt ?? Infinity)
  const due = dueAt === Infinity ? {} : { dueAt }
  const reason = suspendReason(attempt.waiting > 0, parked.records)
  const now = platform.now()
  await attempt.writer.close({
    event: {
      type: 'run.suspended',
      data: {
        reason,
        waits: waits.keys,
        activeMs: attempt.activeMs,
        ...(parked.size > 0 && { parked: parked.records }),
        ...(ids.length > 0 && { approvals: ids }),
        ...due,
      },
    },
    expect: [{ stream: inboxStream(identity.runId), position: inboxPosition }],
    heads: [
      runHead({
        ...facts(attempt),
        recoverable: true,
        state: 'suspended',
        updatedAt: now,
        suspendReason: reason,
        ...(ids.length > 0 && { openApprovals: ids.length }),
        ...due,
      }),
      sessionHead({ ...identity, position: attempt.ownership.sessionPosition, updatedAt: now }),
      ...(inboxPosition > 0 ? [inboxHead(identity, 'read', now)] : []),
    ],
  })
}

/** What somebody has to do comes first: raise the budget, then answer a wait; a deferred step goes on by itself. */
function suspendReason(isWaiting: boolean, parked: readonly ParkedRecord[]): SuspendReason {
  if (parked.some(({ reason }) => reason === 'budget/exhausted')) return 'budget/exhausted'
  return isWaiting ? 'waiting' : 'deferred'
}

async function encodeEnd(attempt: Attempt, program: ProgramEnd): Promise<WrittenEnd> {
  const { activeMs } = attempt
  if (program.outcome === 'cancelled') {
    const error = cancelledError(attempt.identity.runId, program.reason)
    const reason = program.reason === undefined ? {} : { reason: program.reason }
    const data = { outcome: 'cancelled' as const, activeMs, error: serializeError(error), ...reason }
    return { event: { type: 'run.finished', data }, program }
  }
  if (program.outcome === 'failed') return failure(attempt, program.error)
  try {
    const encoded = await encodeValue(program.output, 'The output of the run', attempt.engine.blobs)
    const data = { outcome: 'succeeded' as const, activeMs, ...encoded.stored }
    return {
      event: { type: 'run.finished', data },
      program: { outcome: 'succeeded', output: encoded.decoded },
    }
  } catch (error) {
    if (HarnessError.is(error, 'validation/value')) return failure(attempt, error)
    throw error
  }
}

function failure(attempt: Attempt, error: unknown): WrittenEnd {
  const record = serializeError(error)
  const chain = attempt.chains.find(error)
  const data = {
    outcome: 'failed' as const,
    activeMs: attempt.activeMs,
    error: record,
    ...(chain !== undefined && { chain }),
  }
  return {
    event: { type: 'run.finished', data },
    program: { outcome: 'failed', error: deserializeError(record, error) },
  }
}

/** What the caller of a cancelled run receives. */
export function cancelledError(runId: string, reason: string | undefined): HarnessError {
  return new HarnessError({
    code: 'run/cancelled',
    message:
      reason === undefined
        ? `The run "${runId}" was cancelled.`
        : `The run "${runId}" was cancelled: ${reason}`,
    meta: { runId, ...(reason !== undefined && { reason }) },
  })
}

/** All messages of the turn, in one batch with its outcome, so that a crash never leaves half a turn. */
async function sessionEntries(attempt: Attempt, at: number): Promise<Batch['entries'] & object> {
  const messages = await conversationOf(attempt.history.results, (stored) => attempt.decode(stored))
  if (messages.length === 0) return []
  const { runId, sessionId } = attempt.identity
  const stored = await storeJson(messages as unknown as Json, attempt.engine.blobs)
  const entry = { type: 'session.messages', at, data: { runId, ...stored } as unknown as Json }
  return [{ stream: sessionStream(sessionId), entries: [entry] }]
}

function facts(attempt: Attempt): Omit<RunHead, 'state' | 'updatedAt'> {
  return runFacts(attempt.identity, attempt.history, attempt.identity.attempt)
}

function logEnd(attempt: Attempt, data: WrittenEnd['event']['data']): void {
  if (data.outcome === 'cancelled') attempt.log.warn('run cancelled')
  if (data.outcome === 'failed') attempt.log.error('run failed', { code: errorType(data.error) })
}
