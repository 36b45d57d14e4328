import type { Connection, OpenDatabase } from '../database/connection.ts'
import { faultOf, isBusy, lockedFault } from '../database/fault.ts'
import { pauseForLock } from '../database/lock-backoff.ts'
import { nextTurn } from '../next-turn.ts'
import type { StoreSettings } from '../store-options.ts'
import type { Tables } from '../tables.ts'
import { commitGroup } from './commit-group.ts'
import type { Job } from './commit-group.ts'

/**
 * Group commit. Writes that are asked for in one turn of the event loop are applied in one transaction
 * with one sync, which is by far the largest cost of a commit. A write that is alone waits for nobody: the
 * flush is an immediate, not a timer.
 */
export interface WriteQueue {
  /**
   * Applies a change in a transaction and resolves when it is durable. `apply` checks before it writes: a
   * `journal/*` error that it throws refuses this change alone and must leave nothing written.
   */
  write<T>(apply: (tables: Tables) => T): Promise<T>
  /** Resolves when nothing is waiting. */
  idle(): Promise<void>
}

/** Seams for tests. */
export interface WriteHooks {
  /** After each commit, with the number of changes in it. */
  readonly onCommit?: (size: number) => void
}

/** Whether the lock was had. */
type Flushed = 'done' | 'busy'

/** Makes the queue of one store. */
export function writeQueueOf(connection: Connection, settings: StoreSettings, hooks: WriteHooks): WriteQueue {
  const { busyTimeoutMs, file } = settings
  const jobs: Job[] = []
  const waiters: (() => void)[] = []
  let isDraining = false
  let attempt = 0

  const rejectAll = (error: unknown): void => {
    for (const job of jobs.splice(0)) job.reject(error)
  }

  const rejectLate = (cause: unknown): void => {
    const now = performance.now()
    const late = jobs.filter((job) => (job.since ??= now) + busyTimeoutMs <= now)
    for (const job of late) {
      jobs.splice(jobs.indexOf(job), 1)
      job.reject(lockedFault(file, busyTimeoutMs, cause))
    }
  }

  const flush = ({ db, tables }: OpenDatabase): Flushed => {
    try {
      tables.transaction.begin()
    } catch (error) {
      if (isBusy(error)) {
        rejectLate(error)
        return 'busy'
      }
      connection.distrust()
      rejectAll(faultOf(error, file) ?? error)
      return 'done'
    }
    const group = commitGroup(jobs, tables, db, file)
    if (group.isDoubtful) connection.distrust()
    if (group.committed > 0) hooks.onCommit?.(group.committed)
    return 'done'
  }

  const end = (): void => {
    attempt = 0
    isDraining = false
    for (const resolve of waiters.splice(0)) resolve()
  }

  /** Goes on after a flush that left jobs behind, or without one when the file is not open. */
  const drain = async (flushed: Flushed | undefined): Promise<void> => {
    let last = flushed
    while (jobs.length > 0) {
      if (last === 'busy') await pauseForLock(attempt++)
      else if (last === 'done') await nextTurn()
      try {
        last = flush(connection.current() ?? (await connection.open()))
      } catch (error) {
        rejectAll(error)
      }
      if (last === 'done') attempt = 0
    }
    end()
  }

  /** A flush that leaves nothing behind is the common case and needs no promise of its own. */
  const startDraining = (): void => {
    const opened = connection.current()
    const flushed = opened && flush(opened)
    if (jobs.length === 0) end()
    else void drain(flushed)
  }

  return {
    write: (apply) =>
      new Promise((resolve, reject) => {
        jobs.push({ apply, resolve: resolve as (value: unknown) => void, reject, since: undefined })
        if (isDraining) return
        isDraining = true
        setImmediate(startDraining)
      }),
    idle: () => (isDraining ? new Promise((resolve) => waiters.push(resolve)) : Promise.resolve()),
  }
}
