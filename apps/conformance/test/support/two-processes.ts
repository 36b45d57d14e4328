import { startWorker, tempFolder, viewRun, WorkerError } from '../../src/index.ts'
import type { PlainError, RunView, WorkerProcess } from '../../src/index.ts'

/** Two processes on one file, and what is recorded there. */
export interface TwoProcesses {
  readonly first: WorkerProcess
  readonly second: WorkerProcess
  view(ids: { readonly runId: string; readonly sessionId: string }): Promise<RunView>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts both. */
export async function twoProcesses(): Promise<TwoProcesses> {
  const folder = tempFolder()
  const files = { store: folder.file('store.db'), witness: folder.file('witness') }
  const [first, second] = await Promise.all([startWorker(files), startWorker(files)])
  return {
    first,
    second,
    view: (ids) => viewRun(files.store, ids),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([first.kill(), second.kill()])
      folder.remove()
    },
  }
}

/** The refusal of a call, as code and meta. */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<Pick<PlainError, 'code' | 'meta'> | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error
    return { code: error.code, meta: error.meta }
  }
}
