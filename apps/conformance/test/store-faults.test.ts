import { PortError, storeErrorCodes } from '@belay/core/ports'
import { describe, expect, test } from 'vitest'
import { adapterSets, plainScenarios, recordsScenario, reportCounts } from '../src/index.ts'
import { runWithFault } from './support/fault-schedule.ts'
import type { PlannedFault } from './support/fault-schedule.ts'

const codes = [storeErrorCodes.io, storeErrorCodes.full]
const plain = plainScenarios.filter(({ name }) => ['linear', 'parallel', 'child'].includes(name))
const scenarios = [...plain, recordsScenario]

describe.each(Object.entries(adapterSets))('a store that fails at any call on %s', (set, places) => {
  test.each(scenarios)('$name', { timeout: 300_000 }, async (scenario) => {
    const undisturbed = await runWithFault(scenario, places)
    const plans = Array.from({ length: undisturbed.calls }, (_, index) => index + 1).flatMap((call) =>
      codes.flatMap((code) =>
        (['before', 'after'] as const).flatMap((side) =>
          [false, true].map((lasting): PlannedFault => {
            return { call, side, lasting, error: new PortError({ code, message: 'the disk failed' }) }
          }),
        ),
      ),
    )
    const wrong: string[] = []
    for (const plan of plans) {
      const { code, output, problems } = await runWithFault(scenario, places, plan)
      const where = `${plan.error.code} ${plan.side} call ${plan.call}${plan.lasting ? ' and later' : ''}`
      if (code !== plan.error.code) wrong.push(`${where}: the run ended with ${code}`)
      wrong.push(...problems.map((problem) => `${where}: ${problem}`))
      expect(output, where).toEqual(undisturbed.output)
    }
    expect(wrong).toEqual([])
    reportCounts(`faults / ${scenario.name} / ${set}`, { calls: undisturbed.calls, faults: plans.length })
  })
})
