import { crashSweep } from '@belay/testing'
import { describe, expect, test } from 'vitest'
import {
  adapterSets,
  approvalScenario,
  budgetScenario,
  guardedScenario,
  plainScenarios,
  recordsScenario,
  reportCounts,
  retryScenario,
  runSeed,
  sweepScenario,
} from '../src/index.ts'

const seed = runSeed()

describe.each(Object.entries(adapterSets))('a crash at every boundary on %s', (set, places) => {
  test.each([
    ...plainScenarios,
    retryScenario,
    budgetScenario,
    recordsScenario,
    guardedScenario,
    approvalScenario,
  ])('$name', { timeout: 300_000 }, async (scenario) => {
    const report = await crashSweep(sweepScenario(scenario, places), { again: true, seed })
    const { boundaries, runs, crashes, violations } = report
    expect(violations, `seed ${seed}`).toEqual([])
    reportCounts(`sweep / ${scenario.name} / ${set}`, { boundaries, runs, kills: crashes }, seed)
  })
})
