import { HarnessError } from '../errors/harness-error.ts'
import { sessionStream } from '../feed/streams.ts'
import type { LeaseState } from '../ports/index.ts'
import type { Engine } from './engine.ts'
import { occupantOf } from './heads.ts'

/** Why a session takes no new run. */
export type BusyReason = 'concurrent_run' | 'suspended_run' | 'orphaned_run'

const advice: Record<BusyReason, string> = {
  concurrent_run: 'executes in it now. Wait for it or cancel it.',
  suspended_run: 'is suspended in it. Resolve what it waits for, or cancel it.',
  orphaned_run: 'lost its process. Resume it with harness.runs.resume(), or cancel it.',
}

/** The refusal of a second run in a session. */
export function busyError(sessionId: string, runId: string | undefined, reason: BusyReason): HarnessError {
  const which = runId === undefined ? 'Another run' : `The run "${runId}"`
  return new HarnessError({
    code: 'session/busy',
    message: `The session "${sessionId}" is busy: ${which} ${advice[reason]}`,
    meta: { sessionId, reason, ...(runId !== undefined && { runId }) },
  })
}

/** The refusal when somebody holds the lease: of this very run, or of another one in the session. */
export async function leasedOrBusy(
  engine: Engine,
  sessionId: string,
  runId: string,
  holder: LeaseState,
): Promise<HarnessError> {
  const [head] = await engine.journal.heads({ streams: [sessionStream(sessionId)] })
  const occupant = occupantOf(head)
  if (occupant !== runId) return busyError(sessionId, occupant, 'concurrent_run')
  return new HarnessError({
    code: 'run/leased',
    message: `The run "${runId}" is executed by another living process until ${new Date(holder.expiresAt).toISOString()} or longer. Try again after that.`,
    retryable: true,
    meta: { runId, expiresAt: holder.expiresAt, remainingMs: holder.remainingMs },
  })
}
