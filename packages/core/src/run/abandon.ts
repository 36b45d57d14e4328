import { HarnessError } from '../errors/harness-error.ts'
import { serializeError } from '../errors/serialize.ts'
import { runStream } from '../feed/streams.ts'
import { toEntry } from '../feed/writer.ts'
import type { NewEvent } from '../history/event.ts'
import type { Batch, Head } from '../ports/index.ts'
import { busyError } from './busy.ts'
import type { Engine } from './engine.ts'
import { occupantOf, runHead, toRunHead, type RunHead } from './heads.ts'

/** The end of a run that nobody may go on with: its process died and it was not durable. */
export function abandonEvent(runId: string): NewEvent {
  const error = new HarnessError({
    code: 'run/abandoned',
    message: `The process of the run "${runId}" died, and the run was not durable. Start it again.`,
    meta: { runId },
  })
  return { type: 'run.finished', data: { outcome: 'failed', activeMs: 0, error: serializeError(error) } }
}

/** Its head. */
export function abandonedHead(run: RunHead, updatedAt: number): Head {
  return runHead({ ...run, state: 'failed', updatedAt, errorCode: 'run/abandoned' })
}

/** A failed run is logged once: by whoever recorded its end. */
export function logAbandoned(engine: Engine, runId: string | undefined): void {
  if (runId !== undefined) engine.logger.error('run failed', { runId, code: 'run/abandoned' })
}

/** What a batch writes beside its own to close an orphan. */
export interface OrphanEnd {
  /** The run that it closes, if any. */
  readonly runId?: string
  readonly entries: Batch['entries'] & object
  readonly heads: readonly Head[]
}

/**
 * Whoever takes the lease of a session finds it busy with another run only when the process of that run is gone.
 * One that may be gone on with keeps the session; another one is closed by the same batch.
 */
export async function closeOrphan(
  engine: Engine,
  session: { readonly sessionId: string; readonly head: Head | undefined },
  runId: string,
): Promise<OrphanEnd> {
  const nothing = { entries: [], heads: [] }
  const occupant = occupantOf(session.head)
  if (occupant === undefined || occupant === runId) return nothing
  const [head] = await engine.journal.heads({ streams: [runStream(occupant)] })
  if (head === undefined) return nothing
  const run = toRunHead(head)
  if (run.state === 'suspended') {
    throw busyError(session.sessionId, occupant, 'suspended_run', run.suspendReason === 'poisoned')
  }
  if (run.state !== 'running') return nothing
  if (run.recoverable) throw busyError(session.sessionId, occupant, 'orphaned_run')
  const now = engine.platform.now()
  return {
    runId: occupant,
    entries: [{ stream: runStream(occupant), entries: [toEntry(abandonEvent(occupant), now)] }],
    heads: [abandonedHead(run, now)],
  }
}
