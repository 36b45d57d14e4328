import { HarnessError } from '../errors/harness-error.ts'
import { runStream, sessionStream } from '../feed/streams.ts'
import type { LeaseState } from '../ports/index.ts'
import type { Engine } from './engine.ts'
import { occupantOf } from './heads.ts'
import { acquireSession, type Ownership } from './owner.ts'

/** Why a session takes no new run. */
export type BusyReason = 'concurrent_run' | 'suspended_run' | 'orphaned_run'

const advice: Record<BusyReason, string> = {
  concurrent_run: 'executes in it now. Wait for it or cancel it.',
  suspended_run: 'is suspended in it. Resolve what it waits for, or cancel it.',
  orphaned_run: 'lost its process. Resume it with harness.runs.resume(), or cancel it.',
}

const setAsideAdvice =
  'was set aside because its processes kept dying. Resume it with harness.runs.resume(), or cancel it.'

/** The refusal of a second run in a session. */
export function busyError(
  sessionId: string,
  runId: string | undefined,
  reason: BusyReason,
  setAside = false,
): HarnessError {
  const which = runId === undefined ? 'Another run' : `The run "${runId}"`
  return new HarnessError({
    code: 'session/busy',
    message: `The session "${sessionId}" is busy: ${which} ${setAside ? setAsideAdvice : advice[reason]}`,
    meta: { sessionId, reason, ...(runId !== undefined && { runId }) },
  })
}

/** How long a holder that has recorded nothing yet is waited for: 50 looks, 10 ms apart. */
const looks = 50
const lookMs = 10

/**
 * Takes the lease of a session, or refuses and names the run that has it. Whoever took the lease a moment ago has
 * not recorded yet what for, or lets it go again; that moment is waited for, so that the refusal can name the run.
 */
export async function takeSession(
  engine: Engine,
  sessionId: string,
  runId: string | undefined,
): Promise<Ownership> {
  for (let look = 1; ; look++) {
    const acquired = await acquireSession(engine, sessionId)
    if (acquired.owner !== undefined) return acquired.owner
    const occupant = await executingIn(engine, sessionId)
    if (occupant !== undefined || look === looks)
      throw refusal({ sessionId, runId, occupant }, acquired.holder)
    await new Promise<void>((resolve) => engine.platform.timer(lookMs, resolve))
  }
}

/** The run that a session is busy with, when it is recorded as executing. */
async function executingIn(engine: Engine, sessionId: string): Promise<string | undefined> {
  const [session] = await engine.journal.heads({ streams: [sessionStream(sessionId)] })
  const occupant = occupantOf(session)
  if (occupant === undefined) return undefined
  const [run] = await engine.journal.heads({ streams: [runStream(occupant)] })
  return run?.state === 'running' ? occupant : undefined
}

/** Somebody holds the lease: of this very run, or of another one in the session. */
function refusal(
  asked: {
    readonly sessionId: string
    readonly runId: string | undefined
    readonly occupant: string | undefined
  },
  holder: LeaseState,
): HarnessError {
  const { sessionId, runId, occupant } = asked
  if (occupant === undefined || occupant !== runId) return busyError(sessionId, occupant, 'concurrent_run')
  return new HarnessError({
    code: 'run/leased',
    message: `The run "${runId}" is executed by another living process until ${new Date(holder.expiresAt).toISOString()} or longer. Try again after that.`,
    retryable: true,
    meta: { runId, expiresAt: holder.expiresAt, remainingMs: holder.remainingMs },
  })
}
