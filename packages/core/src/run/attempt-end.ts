import { HarnessError } from '../errors/harness-error.ts'
import { isCodedError } from '../ports/index.ts'

/** How the program ended, before it is written. */
export type ProgramEnd =
  | { readonly outcome: 'succeeded'; readonly output: unknown }
  | { readonly outcome: 'failed'; readonly error: unknown }
  | { readonly outcome: 'cancelled'; readonly reason: string | undefined }

/** How an attempt ended for its process. */
export type AttemptEnd =
  | { readonly end: 'settled'; readonly program: ProgramEnd }
  /** Commands after this position of the inbox let the run go on. */
  | { readonly end: 'suspended'; readonly inboxPosition: number }
  | { readonly end: 'stopped'; readonly error: unknown }

/** The error of a process that lost the lease of its run. */
export function fencedError(cause?: unknown): HarnessError {
  return new HarnessError({
    code: 'run/fenced',
    message:
      'This process lost the lease of the run. Whoever holds it now goes on; nothing more is written here.',
    cause,
  })
}

/** What stopped an attempt, as callers see it: a refused write says the same as a lost lease. */
export function stopReason(error: unknown): unknown {
  return isCodedError(error, 'journal/fenced') ? fencedError(error) : error
}

/** Storage that cannot be trusted now; a run stops on it and does not hand it to the program. */
export function isStoreFault(error: unknown): boolean {
  return isCodedError(error) && error.code.startsWith('store/')
}

/** What stands behind everything in a scope that has ended. */
export function scopeEnded({ key }: { readonly key: string }): HarnessError {
  return new HarnessError({
    code: 'operation/cancelled',
    message: key === '' ? 'The run has ended.' : `"${key}" has ended.`,
    meta: { scope: key === '' ? 'run' : 'call' },
  })
}
