import type { Attempt } from './attempt.ts'
import type { StepSpec } from './definition.ts'
import type { Cancellation } from './signal.ts'

/** One attempt of a step before it is made. */
export interface Candidate {
  readonly key: string
  readonly attempt: number
  readonly spec: StepSpec
  readonly cancellation: Cancellation
  /** A deferred retry is not made before this time. */
  readonly dueAt: number | undefined
}

/** Whether the attempt is made now. */
export type Admission = 'go' | 'aborted' | { readonly refusal: unknown }

/**
 * Holds an attempt back until the time that a provider asked for has come and the budget of the run has room for it.
 * `undefined` when nothing holds it, so that it is made in the same turn of the event loop.
 */
export function admit(attempt: Attempt, candidate: Candidate): Promise<Admission> | undefined {
  const waits = candidate.dueAt !== undefined && candidate.dueAt > attempt.platform.now()
  const spends = attempt.budget !== undefined && candidate.spec.noun === 'model'
  return waits || spends ? admitLater(attempt, candidate) : undefined
}

async function admitLater(attempt: Attempt, candidate: Candidate): Promise<Admission> {
  const { key, spec, cancellation, dueAt } = candidate
  if (dueAt !== undefined && dueAt > attempt.platform.now()) {
    if (!(await attempt.parked.park({ key, reason: 'deferred', dueAt }, cancellation))) return 'aborted'
  }
  const { budget } = attempt
  if (budget === undefined || spec.noun !== 'model') return 'go'
  let bound
  try {
    bound = budget.boundOf(key, await spec.estimate?.(candidate.attempt))
  } catch (refusal) {
    return { refusal }
  }
  if (attempt.over || cancellation.aborted) return 'aborted'
  return (await budget.reserve({ key, attempt: candidate.attempt, bound, cancellation })) ? 'go' : 'aborted'
}
