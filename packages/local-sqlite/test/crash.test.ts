import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { startChild } from './support/child.ts'
import { dataOf } from './support/journal-batches.ts'
import { withRawDatabase } from './support/raw-database.ts'
import { runSeed, seeded } from './support/seeded.ts'
import { tempFolder } from './support/temp-folder.ts'
import type { TempFolder } from './support/temp-folder.ts'

const kills = 40

let folder: TempFolder
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => {
  folder.remove()
})

test(`what was acknowledged outlives ${kills} kills of its writer`, { timeout: 300_000 }, async () => {
  const seed = runSeed()
  const random = seeded(seed)
  const acknowledged = new Map<string, number>()
  for (let round = 0; round < kills; round += 1) {
    const child = startChild('./appender.ts', [folder.file(), `round-${round}`, '8'])
    const lines: string[] = []
    // The child goes on while the line travels, so the kill meets it anywhere in a commit.
    const until = 1 + Math.floor(random() * 60)
    while (lines.length < until) lines.push((await child.nextLine()) ?? '')
    child.kill()
    lines.push(...(await child.rest()))
    await child.exit()
    for (const line of lines) {
      const [stream = '', count = '0'] = line.split(' ')
      acknowledged.set(stream, Math.max(acknowledged.get(stream) ?? 0, Number(count)))
    }
  }
  const store = sqliteStore({ file: folder.file() })
  for (const [stream, count] of acknowledged) {
    const data = await dataOf(store, stream)
    expect(data, `${stream}, seed ${seed}`).toEqual(data.map((_, index) => index + 1))
    expect(data.length, `${stream}, seed ${seed}`).toBeGreaterThanOrEqual(count)
    // One append may have been under way when the process died.
    expect(data.length, `${stream}, seed ${seed}`).toBeLessThanOrEqual(count + 1)
  }
  await store.close()
  expect(withRawDatabase(folder.file(), (db) => db.pragma('integrity_check', { simple: true }))).toBe('ok')
})
