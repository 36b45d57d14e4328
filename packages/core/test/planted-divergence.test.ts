import { describe, expect, it } from 'vitest'
import { changes, plantChange } from './simulation/planted.ts'
import { sourceCore } from './simulation/source-core.ts'

/** Every crash point of the workflow with so many seeds. */
const seeds = 20

describe(`code that changed under a run, seeds 1-${seeds}`, () => {
  it('never diverges when it did not change', async () => {
    const { diverged, wentOn, errors } = await plantChange(sourceCore, 'same', seeds)
    expect({ diverged, errors }).toEqual({ diverged: 0, errors: [] })
    expect(wentOn).toBeGreaterThan(seeds * 10)
  })

  it.each(Object.keys(changes).filter((name) => name !== 'same'))(
    'stops before anything is written, and the old code can go on: %s',
    async (name) => {
      const { diverged, errors } = await plantChange(sourceCore, name, seeds)
      expect(errors).toEqual([])
      expect(diverged).toBeGreaterThan(seeds)
    },
  )
})
