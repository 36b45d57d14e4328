import { afterAll, describe, expect, it } from 'vitest'
import { sourceCore } from '../simulation/source-core.ts'
import { firstRandomSeed, noTotals, sweep, type SweepSize, type SweepTotals } from '../simulation/sweep.ts'
import { groups } from '../simulation/workflows/index.ts'
import type { Workflow } from '../simulation/workflow.ts'

/** `ci` fits into the gate; `full` is what the engine is held to: `BELAY_SIZE=full`. */
const sizes = { ci: { seeds: 8, random: 60 }, full: { seeds: 60, random: 500 } } satisfies Record<
  string,
  SweepSize
>

const sizeName = process.env['BELAY_SIZE'] === 'full' ? 'full' : 'ci'

/** A hundred times what a workflow takes on two cores; only a hang gets there. */
const hangMs = 600_000

/** Kills the process everywhere in every workflow of a group. */
export function describeSweep(group: keyof typeof groups): void {
  const size = sizes[sizeName]
  const totals = noTotals()
  describe(`crash sweep (${sizeName}): ${group}`, () => {
    for (const [name, workflow] of Object.entries<Workflow>(groups[group])) {
      it(name, { timeout: hangMs }, async () => {
        const report = await sweep(sourceCore, workflow, size)
        for (const key of Object.keys(totals) as (keyof SweepTotals)[]) totals[key] += report.totals[key]
        expect(report.failures).toEqual([])
        // A sweep that tries nothing would pass: each seed dies at more points than this.
        expect(report.totals.crashes).toBeGreaterThan(size.seeds * 10)
      })
    }
    afterAll(() => {
      const seeds = `1-${size.seeds} and ${firstRandomSeed}-${firstRandomSeed + size.random - 1}`
      console.log(`sweep ${group}: ${JSON.stringify(totals)}, seeds ${seeds}`)
    })
  })
}
