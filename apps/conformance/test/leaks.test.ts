import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { reportCounts, size } from '../src/index.ts'
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

test(
  `${runs} runs that end in every way leave no memory, timer, listener or handle [RUN-34]`,
  { timeout: 900_000 },
  async () => {
    const main = fileURLToPath(new URL('../src/processes/leaks-main.ts', import.meta.url))
    // It ends by itself, so nothing keeps it alive after its harness was shut down.
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', main, String(runs)], {
      maxBuffer: 16 * 1_048_576,
    })
    const report = JSON.parse(stdout) as LeakReport
    const slope = slopeOf(report.heap)
    console.log(`leaks: ${report.runs} runs, ${slope.toFixed(1)} bytes a run, ${JSON.stringify(report.ways)}`)
    expect({ timers: report.timers, listeners: report.listeners, resources: report.resources }).toEqual({
      timers: 0,
      listeners: 0,
      resources: [],
    })
    expect(slope).toBeLessThan(100)
    reportCounts('leaks', { runs: report.runs, ways: Object.keys(report.ways).length })
  },
)
