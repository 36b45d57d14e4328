import { isCodedError, journalErrorCodes } from '@belay/core/ports'
import type { Database } from '../database/driver.ts'
import { faultOf } from '../database/fault.ts'
import type { Tables } from '../tables.ts'

/** One change that waits for its commit. */
export interface Job {
  readonly apply: (tables: Tables) => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  /** When it first met a lock, by the monotonic clock. */
  since: number | undefined
}

/** What became of a group. */
export interface GroupResult {
  /** How many changes the commit held. */
  readonly committed: number
  /** The connection must not be used again. */
  readonly isDoubtful: boolean
}

/** A group ends here, so that callers of its first changes do not wait for all the others. */
const maxGroupSize = 256

/** The event loop stands still while a group is applied. */
const maxGroupMs = 5

const refusals: readonly string[] = Object.values(journalErrorCodes)

/** Whether `apply` refused by its checks, having written nothing. */
function isRefusal(error: unknown): boolean {
  return isCodedError(error) && refusals.includes(error.code)
}

interface Outcome {
  readonly job: Job
  readonly value?: unknown
  readonly error?: unknown
}

/**
 * Applies waiting jobs inside the transaction that was begun, and commits. Nobody hears of anything before
 * the commit, not even of a refusal, which may rest on a change of the same group.
 */
export function commitGroup(jobs: Job[], tables: Tables, db: Database, file: string): GroupResult {
  const outcomes: Outcome[] = []
  const end = performance.now() + maxGroupMs
  let job: Job | undefined
  try {
    while ((job = jobs.shift()) !== undefined) {
      outcomes.push(outcomeOf(job, tables))
      if (outcomes.length >= maxGroupSize || (jobs.length > 0 && performance.now() > end)) break
    }
    job = undefined
    tables.transaction.commit()
  } catch (error) {
    return undo({ error, culprit: job, outcomes }, jobs, tables, db, file)
  }
  for (const outcome of outcomes) settle(outcome)
  return { committed: outcomes.filter((outcome) => !('error' in outcome)).length, isDoubtful: false }
}

function outcomeOf(job: Job, tables: Tables): Outcome {
  try {
    return { job, value: job.apply(tables) }
  } catch (error) {
    if (isRefusal(error)) return { job, error }
    throw error
  }
}

function settle(outcome: Outcome): void {
  if ('error' in outcome) outcome.job.reject(outcome.error)
  else outcome.job.resolve(outcome.value)
}

interface Failure {
  readonly error: unknown
  /** The job that was being applied, if it was not the commit that failed. */
  readonly culprit: Job | undefined
  readonly outcomes: readonly Outcome[]
}

/** Takes the whole group back. An error of one job alone sends the others through again without it. */
function undo(failure: Failure, jobs: Job[], tables: Tables, db: Database, file: string): GroupResult {
  const { error, culprit, outcomes } = failure
  const others = outcomes.map((outcome) => outcome.job)
  const fault = faultOf(error, file)
  const isOfFile = fault !== undefined && !isCodedError(error)
  let isDoubtful = isOfFile
  try {
    if (db.inTransaction) tables.transaction.rollback()
  } catch {
    isDoubtful = true
  }
  if (isOfFile || culprit === undefined) {
    for (const job of culprit === undefined ? others : [...others, culprit]) job.reject(fault ?? error)
  } else {
    culprit.reject(error)
    jobs.unshift(...others)
  }
  return { committed: 0, isDoubtful }
}
