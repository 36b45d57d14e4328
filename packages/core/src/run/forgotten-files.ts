import { isCodedError, workspaceErrorCodes } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import type { Engine } from './engine.ts'

/**
 * A run as the workspaces know it. The same id may be used for another run once a run was removed, and adapters
 * remember what was done for a run. So they get the id with the time of its beginning.
 */
export function workspaceRunId(runId: string, startedAt: number): string {
  return `${runId}@${startedAt.toString(36)}`
}

/** The key under which a run that ends now may have files; absent: it has none, or they stay until a sweep anyway. */
export function filesKeyOf({ engine, identity, history }: Attempt): string | undefined {
  if (!history.started.durable || engine.places.workspace?.forget === undefined) return undefined
  return workspaceRunId(identity.runId, history.startedAt)
}

/**
 * A store of bounded size has dropped a run: what only that run had of files goes too. Beside other work, which neither
 * waits for it nor fails with it.
 */
export function forgetFilesLater(
  engine: Engine,
  { runId, files }: { readonly runId: string; readonly files: string | undefined },
): void {
  if (files === undefined) return
  engine.places.workspace?.forget?.(files).catch((error: unknown) =>
    engine.logger.warn('files not forgotten', {
      runId,
      error: isCodedError(error) ? error.code : 'unknown',
    }),
  )
}

const gone: ReadonlySet<string> = new Set([workspaceErrorCodes.missing, workspaceErrorCodes.expired])

/**
 * A fork names snapshots of another run, which may be dropped before the fork needs them. Restoring them makes them the
 * fork's own, too. Only where runs are forgotten.
 */
export async function shareSnapshots(
  engine: Engine,
  fork: {
    readonly runId: string
    readonly sessionId: string
    readonly startedAt: number
    readonly refs: ReadonlySet<string>
  },
): Promise<void> {
  const { workspace } = engine.places
  if (workspace?.forget === undefined || engine.store.keepFinishedRuns === undefined) return
  const { sessionId, refs } = fork
  const runId = workspaceRunId(fork.runId, fork.startedAt)
  let count = 0
  for (const ref of refs) {
    const operation = `${runId}/fork/${count++}`
    try {
      const { handle } = await workspace.restore({ operation, runId, sessionId, ref })
      await workspace.release(handle)
    } catch (error) {
      // What is gone already is refused by name if the fork needs it.
      if (!isCodedError(error) || !gone.has(error.code)) throw error
    }
  }
}
