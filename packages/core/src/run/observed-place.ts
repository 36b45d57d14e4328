import { serializeError } from '../errors/serialize.ts'
import type { ExecResult, Isolation, SnapshotResult } from '../ports/index.ts'
import type { AttemptObserver } from './observer.ts'

/** Runs a command while somebody watches. */
export async function observedExec(
  observer: AttemptObserver | undefined,
  facts: { readonly key: string; readonly command: string; readonly isolation: Isolation },
  run: () => Promise<ExecResult>,
): Promise<ExecResult> {
  const told = observer?.operation({ kind: 'exec', ...facts })
  if (told === undefined) return run()
  try {
    const result = await run()
    const truncated = result.stdoutTruncated || result.stderrTruncated
    told({ exitCode: result.exitCode, truncated })
    return result
  } catch (error) {
    told({ error: serializeError(error) })
    throw error
  }
}

/** Takes a snapshot while somebody watches. */
export async function observedSnapshot(
  observer: AttemptObserver | undefined,
  key: string,
  take: () => Promise<SnapshotResult>,
): Promise<SnapshotResult> {
  const told = observer?.operation({ kind: 'snapshot', key })
  if (told === undefined) return take()
  try {
    const snapshot = await take()
    told({ snapshot })
    return snapshot
  } catch (error) {
    told({ error: serializeError(error) })
    throw error
  }
}
