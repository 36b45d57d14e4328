import { HarnessError } from '../errors/harness-error.ts'
import { serializeError } from '../errors/serialize.ts'
import type { NewEvent } from '../history/event.ts'
import type { Head } from '../ports/index.ts'
import { runHead, type RunHead } from './heads.ts'

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
