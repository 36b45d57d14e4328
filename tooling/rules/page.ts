import { posix } from 'node:path'
import type { RuleState } from './check.ts'
import type { TestTitle } from './titles.ts'

/** Where the rules and their tests are listed. */
export const pageFile = 'docs/reference/rules-and-tests.md'

/** The page that lists the tests of each rule. Without lines of files, which every change would move. */
export function rulesPage({ registry, titles }: Omit<RuleState, 'notTestedYet'>): string {
  const { rules } = registry
  const proofs = titles.filter(({ proves }) => proves)
  const testsOf = (id: string): TestTitle[] => proofs.filter(({ ids }) => ids.includes(id))
  const without = rules.filter(({ id }) => testsOf(id).length === 0).length
  const parts = [
    '# Rules and tests',
    'Written by `npm run rules` from the rules of [behaviour](behaviour.md) and the titles of tests. Do not edit it.',
    `${rules.length} rules, ${without} of them without a test.`,
  ]
  let heading = ''
  for (const rule of rules) {
    if (rule.heading !== heading) parts.push(`## ${rule.heading}`)
    heading = rule.heading
    const tests = testsOf(rule.id)
    parts.push(`### ${rule.id}`, rule.text)
    parts.push(tests.length === 0 ? '_No test yet._' : tests.map(testLine).join('\n'))
  }
  return `${parts.join('\n\n')}\n`
}

function testLine({ path, title }: TestTitle): string {
  return `- [${path}](${posix.relative(posix.dirname(pageFile), path)}): ${inlineCode(title)}`
}

/** Any text as code; a fence must be a run of backticks that the text does not have. */
function inlineCode(text: string): string {
  const runs = new Set((text.match(/`+/g) ?? []).map((run) => run.length))
  let length = 1
  while (runs.has(length)) length++
  const fence = '`'.repeat(length)
  const gap = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return `${fence}${gap}${text}${gap}${fence}`
}
