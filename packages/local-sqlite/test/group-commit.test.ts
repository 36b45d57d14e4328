import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStoreWith } from '../src/sqlite-store.ts'
import { batchOf, dataOf } from './support/journal-batches.ts'
import { tempFolder } from './support/temp-folder.ts'
import type { TempFolder } from './support/temp-folder.ts'

let folder: TempFolder
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => {
  folder.remove()
})

test('50 appenders at once share their commits', async () => {
  const commits: number[] = []
  const store = sqliteStoreWith({ file: folder.file() }, { onCommit: (size) => commits.push(size) })
  await Promise.all(
    Array.from({ length: 50 }, async (_, run) => {
      for (let step = 1; step <= 20; step += 1) await store.journal.append(batchOf(`run/${run}`, [step]))
    }),
  )
  expect(commits.reduce((sum, size) => sum + size, 0)).toBe(1_000)
  // 20 rounds; a group may be cut by its time limit on a machine that is busy.
  expect(commits.length).toBeLessThan(200)
  for (let run = 0; run < 50; run += 1) expect(await dataOf(store, `run/${run}`)).toHaveLength(20)
  await store.close()
})

test('an appender that awaits each append gets one commit for each', async () => {
  const commits: number[] = []
  const store = sqliteStoreWith({ file: folder.file() }, { onCommit: (size) => commits.push(size) })
  for (let step = 1; step <= 10; step += 1) await store.journal.append(batchOf('run/1', [step]))
  expect(commits).toEqual(Array.from({ length: 10 }, () => 1))
  await store.close()
})

/** As a run appends: each of its appends in a macrotask of its own. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test('50 appenders that take turns of the event loop share their commits', async () => {
  const commits: number[] = []
  const store = sqliteStoreWith({ file: folder.file() }, { onCommit: (size) => commits.push(size) })
  const appends = async (stream: string, count: number): Promise<void> => {
    for (let step = 1; step <= count; step += 1) {
      await store.journal.append(batchOf(stream, [step]))
      await turn()
    }
  }
  await Promise.all(Array.from({ length: 50 }, (_, run) => appends(`run/${run}`, 20)))
  expect(commits.reduce((sum, size) => sum + size, 0)).toBe(1_000)
  expect(commits.length).toBeLessThan(200)
  await store.close()
})

test('an appender that goes on as soon as it can leaves the event loop its turns', async () => {
  const store = sqliteStoreWith({ file: folder.file() }, {})
  let turns = 0
  let isOver = false
  const count = async (): Promise<void> => {
    for (; !isOver; turns++) await turn()
  }
  const counting = count()
  for (let step = 1; step <= 200; step += 1) await store.journal.append(batchOf('s', [step]))
  isOver = true
  await counting
  expect(turns).toBeGreaterThan(150)
  await store.close()
})

test('a group holds at most 256 changes', async () => {
  const commits: number[] = []
  const store = sqliteStoreWith({ file: folder.file() }, { onCommit: (size) => commits.push(size) })
  await Promise.all(Array.from({ length: 600 }, (_, index) => store.journal.append(batchOf('s', [index]))))
  expect(Math.max(...commits)).toBeLessThanOrEqual(256)
  expect(await dataOf(store, 's')).toEqual(Array.from({ length: 600 }, (_, index) => index))
  await store.close()
})

test('a refused batch leaves the others of its group', async () => {
  const commits: number[] = []
  const store = sqliteStoreWith({ file: folder.file() }, { onCommit: (size) => commits.push(size) })
  const conflict = batchOf('b', ['refused'], { expect: [{ stream: 'b', position: 7 }], drop: ['a'] })
  const fenced = batchOf('b', ['refused'], { fence: { leaseKey: 'nobody', token: 1 } })
  const outcomes = await Promise.allSettled(
    [batchOf('a', [1]), conflict, fenced, batchOf('a', [2]), batchOf('c', [3])].map((each) =>
      store.journal.append(each),
    ),
  )
  expect(outcomes.map((outcome) => outcome.status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
    'fulfilled',
  ])
  expect(commits).toEqual([3])
  expect(await dataOf(store, 'a')).toEqual([1, 2])
  expect(await dataOf(store, 'b')).toEqual([])
  expect(await dataOf(store, 'c')).toEqual([3])
  await store.close()
})

test('an error that no check foresaw is taken back alone', async () => {
  const commits: number[] = []
  let calls = 0
  let failsAt = Infinity
  const clock = (): number => {
    calls += 1
    if (calls === failsAt) throw new RangeError('the clock broke')
    return 1_700_000_000_000
  }
  const store = sqliteStoreWith({ file: folder.file(), clock }, { onCommit: (size) => commits.push(size) })
  await store.journal.append(batchOf('a', [1]))
  // The second change of the group fails between two that are fine, after the first was written.
  failsAt = calls + 2
  const outcomes = await Promise.allSettled(
    [batchOf('a', [2]), batchOf('a', ['broken']), batchOf('a', [3])].map((each) =>
      store.journal.append(each),
    ),
  )
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[1]).toMatchObject({ reason: expect.any(RangeError) as unknown })
  expect(commits).toEqual([1, 2])
  expect(await dataOf(store, 'a')).toEqual([1, 2, 3])
  await store.close()
})
