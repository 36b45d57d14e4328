import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { harbourDocuments, harbourQuestion, makePlace, writeFiles } from './support/documents.ts'
import { runQuickstartProcess } from './support/quickstart-process.ts'

test('a run that has begun with another output folder is refused with both, and nothing is written there', async () => {
  using place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  const where = { cwd: place.root }
  const common = ['--run', 'r', '--db', 'runs.db']
  const first = await runQuickstartProcess(['docs', harbourQuestion, ...common, '--out', 'first'], where)
  expect(first.code).toBe(0)
  for (const job of [[], ['docs', harbourQuestion]]) {
    const other = await runQuickstartProcess([...job, ...common, '--out', 'other'], where)
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(
      /^The run r writes its report to .*\/first, not to .*\/other: leave --out out, or choose another --run\.\n$/,
    )
    expect(existsSync(place.path('other/report.md'))).toBe(false)
  }
  const same = await runQuickstartProcess([...common, '--out', 'first'], where)
  expect([same.code, same.stdout.includes('first/report.md')]).toEqual([0, true])
})
