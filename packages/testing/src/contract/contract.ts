import type { Capability } from '@belay/core/ports'

/**
 * One promise of a port as data. `run` resolves when the subject keeps it and throws an `AssertionError`
 * when not. No test runner is involved: each case becomes one test of whatever runner is at hand.
 */
export interface ContractCase {
  /** Unique in its contract; broken adapters name the titles that must reject them. */
  readonly title: string
  /** Capabilities that the subject must declare for the promise to bind it. */
  readonly needs?: readonly Capability[]
  /** Resolves to the reason when the subject's factory cannot show this promise; throws when it is broken. */
  run(): Promise<ContractOutcome>
}

/** What came of a case. */
export type ContractOutcome = { readonly skipped?: undefined } | { readonly skipped: string }

/** A case before it is bound to a factory. */
export interface CaseOf<Subject> {
  readonly title: string
  readonly needs?: readonly Capability[]
  run(subject: Subject): Promise<void>
}

/** Thrown by a case that needs something which this factory does not offer. */
export class CaseSkipped extends Error {
  override readonly name = 'CaseSkipped'
}

/** Ends a case as skipped, with the reason for the report. */
export function skipCase(reason: string): never {
  throw new CaseSkipped(reason)
}

/** Runs `body` and turns `CaseSkipped` into an outcome. */
export async function outcomeOf(body: () => Promise<void>): Promise<ContractOutcome> {
  try {
    await body()
    return {}
  } catch (error) {
    if (error instanceof CaseSkipped) return { skipped: error.message }
    throw error
  }
}
