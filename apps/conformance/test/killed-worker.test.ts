import { defineHarness } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import { seededRandom } from '@belay/testing'
import { expect, test } from 'vitest'
import { integrityOf, reportCounts, runSeed, size, tempFolder } from '../src/index.ts'
import { createCampaign } from './support/kill-campaign.ts'

const kills = size === 'full' ? 1_000 : 60

test(`${kills} kills of a worker at random moments`, { timeout: 1_800_000 }, async () => {
  const seed = runSeed()
  const random = seededRandom(seed)
  const folder = tempFolder()
  const files = { store: folder.file('store.db'), witness: folder.file('witness') }
  const control = defineHarness({ name: 'control', models: {}, store: sqliteStore({ file: files.store }) })
  const campaign = createCampaign({ files, control, sessions: 3 })
  try {
    for (let round = 0; round < kills; round += 1) {
      const ways = ['start', 'recover', 'work'] as const
      await campaign.generation({ way: ways[round % 3] ?? 'start', notes: 1 + Math.floor(random() * 24) })
    }
    await campaign.finish()
  } catch (error) {
    const found = campaign.problems.join('; ') || 'nothing wrong was recorded before'
    throw new Error(`Seed ${seed}: ${found}`, { cause: error })
  } finally {
    await control.shutdown()
  }
  const { counts, problems } = campaign
  expect(problems, `seed ${seed}`).toEqual([])
  expect(integrityOf(files.store)).toBe('ok')
  folder.remove()
  expect(counts['steps lost']).toBe(0)
  expect(counts['ran again after commit']).toBe(0)
  reportCounts('killed worker', counts, seed)
})
