import { HarnessError } from '../errors/harness-error.ts'
import { isCodedError } from '../ports/index.ts'
import type { Engine } from './engine.ts'

/** Refuses work on a harness that was shut down. */
export function assertOpen(engine: Engine): void {
  if (engine.closing.aborted) throw closedError()
}

/**
 * Does work of an application that needs the store. On a harness that was shut down, before or meanwhile, it is
 * `harness/closed`: the store's own refusal would send readers to look for a fault of the store.
 */
export async function whileOpen<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  assertOpen(engine)
  try {
    return await work()
  } catch (error) {
    if (engine.closing.aborted && isCodedError(error, 'store/closed')) throw closedError(error)
    throw error
  }
}

function closedError(cause?: unknown): HarnessError {
  return new HarnessError({
    code: 'harness/closed',
    message: 'The harness was shut down. Make a new one.',
    ...(cause !== undefined && { cause }),
  })
}
