import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Counts of one scenario on one adapter set, by what was counted. */
export type Counts = Readonly<Record<string, number>>

const app = fileURLToPath(new URL('../../', import.meta.url))
const parts = join(app, 'node_modules', '.cache', 'reliability')
const report = join(app, '..', '..', 'reliability-report.json')

/** How much is run: `ci` fits into the gate, `full` is run before a release. */
export const size: 'ci' | 'full' = process.env['BELAY_SIZE'] === 'full' ? 'full' : 'ci'

/** The least that each section must count, by section and name. */
export const bars = JSON.parse(readFileSync(join(app, 'bars.json'), 'utf8')) as Readonly<
  Record<string, Counts>
>

/**
 * Puts the counts of a section into the report and throws when one is below its bar, or when the section has none:
 * a test that quietly runs less than before fails.
 */
export function reportCounts(section: string, counts: Counts, seed?: number): void {
  mkdirSync(parts, { recursive: true })
  const part = { section, size, counts, ...(seed !== undefined && { seed }), node: process.version }
  writeFileSync(join(parts, `${encodeURIComponent(section)}.json`), JSON.stringify(part))
  mergeParts()
  console.log(`${section}${seed === undefined ? '' : `, seed ${seed}`}: ${describe(counts)}`)
  const bar = bars[section]
  if (bar === undefined) throw new Error(`bars.json has no section "${section}"`)
  for (const [name, least] of Object.entries(bar)) {
    const count = counts[name] ?? 0
    if (count < least) throw new Error(`${section}: ${name} is ${count}, below its bar of ${least}`)
  }
}

/** Test files report at once. Whoever replaces the report last has looked again for parts that came meanwhile. */
function mergeParts(): void {
  for (let known = -1; ;) {
    const files = readdirSync(parts)
      .filter((file) => file.endsWith('.json'))
      .toSorted()
    const stamp = files.length
    if (stamp === known) return
    known = stamp
    const sections = files.map((file) => JSON.parse(readFileSync(join(parts, file), 'utf8')) as unknown)
    const fresh = join(parts, `report-${process.pid}.tmp`)
    writeFileSync(fresh, `${JSON.stringify({ sections }, undefined, 2)}\n`)
    renameSync(fresh, report)
  }
}

function describe(counts: Counts): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
