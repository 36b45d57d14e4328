import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { reportCounts, size, tempFolder } from '../src/index.ts'
import type { LeakReport } from '../src/processes/leaks-main.ts'

const runs = size === 'full' ? 10_000 : 2_000

/** The median of the slopes between all pairs of points: a collection that came late moves it little. */
function slopeOf(points: LeakReport['heap']): number {
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([otherX, otherY]) => (otherY - y) / (otherX - x)),
  )
  slopes.sort((left, right) => left - right)
  return slopes[Math.floor(slopes.length / 2)] ?? Number.NaN
}

/** What V8 compiles goes to the heap too, for tens of thousands of runs: without it the slope is that of what is left. */
const interpreted = ['--no-opt', '--no-maglev', '--no-sparkplug']

/** Runs them in a process that ends by itself, so nothing keeps it alive after its harness was shut down. */
async function leaksOf(what: 'runs' | 'files' | 'mcp', section: string, root = ''): Promise<void> {
  const main = fileURLToPath(new URL('../src/processes/leaks-main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', ...interpreted, main, what, String(runs), root],
    { maxBuffer: 16 * 1_048_576 },
  )
  const report = JSON.parse(stdout) as LeakReport
  const slope = slopeOf(report.heap)
  console.log(
    `${section}: ${report.runs} runs, ${slope.toFixed(1)} bytes a run, ${JSON.stringify(report.ways)}`,
  )
  const { timers, descriptors, listeners, resources } = report
  expect({ timers, descriptors, listeners, resources }).toEqual({
    timers: 0,
    descriptors: 0,
    listeners: 0,
    resources: [],
  })
  expect(slope).toBeLessThan(100)
  reportCounts(section, { runs: report.runs, ways: Object.keys(report.ways).length })
}

test(
  `${runs} runs that end in every way leave no memory, timer, listener or handle [RUN-34]`,
  { timeout: 900_000 },
  () => leaksOf('runs', 'leaks'),
)

test.each([
  ['with real files', 'files', 'leaks with files', ['sandboxes', 'workspaces/live', 'workspaces/runs']],
  ['that call a program in a sandbox', 'mcp', 'leaks with MCP', ['sandboxes']],
] as const)(
  'runs %s leave no memory, timer, listener or descriptor [RUN-34]',
  { timeout: 900_000 },
  async (_, what, section, folders) => {
    const folder = tempFolder()
    try {
      const root = folder.file('files')
      mkdirSync(root)
      await leaksOf(what, section, root)
      for (const open of folders) expect(readdirSync(join(root, open)), open).toEqual([])
    } finally {
      folder.remove()
    }
  },
)
