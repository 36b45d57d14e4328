import type { Registry } from './registry.ts'
import type { TestTitle } from './titles.ts'

/** The rules, the titles that name them, and the rules that are known to have no test. */
export interface RuleState {
  readonly registry: Registry
  readonly titles: readonly TestTitle[]
  readonly notTestedYet: readonly string[]
}

/** Where the rules without a test are listed. */
export const notTestedFile = 'tooling/rules/not-tested-yet.json'

/** Rules without tests and tests without rules, one line each. The list of exceptions has to be exact. */
export function ruleFaults({ registry, titles, notTestedYet }: RuleState): string[] {
  const known = new Set(registry.rules.map(({ id }) => id))
  const proven = new Set(titles.filter(({ proves }) => proves).flatMap(({ ids }) => ids))
  const excused = new Set(notTestedYet)
  return [
    ...registry.faults,
    ...titles.flatMap((title) => titleFaults(title, known)),
    ...registry.rules
      .filter(({ id }) => !proven.has(id) && !excused.has(id))
      .map(({ id, text }) => `${id} has no test: ${text}`),
    ...notTestedYet.flatMap((id, index) => {
      if (notTestedYet.indexOf(id) !== index) return [`${notTestedFile}: ${id} is there twice`]
      if (!known.has(id)) return [`${notTestedFile}: ${id} is no rule`]
      return proven.has(id) ? [`${notTestedFile}: ${id} has a test; take it out`] : []
    }),
  ]
}

function titleFaults({ path, line, ids, fault }: TestTitle, known: ReadonlySet<string>): string[] {
  const at = `${path}:${line}`
  const unknown = ids.filter((id) => !known.has(id)).map((id) => `${at}: ${id} is no rule`)
  return fault === undefined ? unknown : [`${at}: ${fault}`, ...unknown]
}
