import { describe, test } from 'vitest'
import type { ContractCase } from '../src/contract/contract.ts'

/** Each case becomes one test; a case that does not bind the subject is shown as skipped with its reason. */
export function runContract(name: string, cases: readonly ContractCase[]): void {
  describe(name, () => {
    for (const { title, run } of cases) {
      test(title, async ({ skip }) => {
        const outcome = await run()
        if (outcome.skipped !== undefined) skip(outcome.skipped)
      })
    }
  })
}
