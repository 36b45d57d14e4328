import { isCodedError } from '@belay/core/ports'
import type { Batch, Store } from '@belay/core/ports'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { batchOf, dataOf } from '../../test/support/journal-batches.ts'
import { withRawDatabase } from '../../test/support/raw-database.ts'
import { tempFolder } from '../../test/support/temp-folder.ts'
import type { TempFolder } from '../../test/support/temp-folder.ts'
import { sqliteStore } from '../sqlite-store.ts'

let folder: TempFolder
let store: Store
beforeEach(() => {
  folder = tempFolder()
  store = sqliteStore({ file: folder.file() })
})
afterEach(async () => {
  await store.close()
  folder.remove()
})

async function reopen(): Promise<void> {
  await store.close()
  store = sqliteStore({ file: folder.file() })
}

async function appendAll(batches: readonly Batch[]): Promise<void> {
  for (const batch of batches) await store.journal.append(batch)
}

/** One entry, several, and two streams, in turn. */
function mixedBatches(count: number): readonly Batch[] {
  return Array.from({ length: count }, (_, index) => {
    if (index % 5 === 3) return batchOf('s', [index, -index])
    const batch = batchOf(`s${index % 3 === 0 ? '' : index % 7}`, [index])
    if (index % 5 !== 4) return batch
    return {
      ...batch,
      entries: [...(batch.entries ?? []), { stream: 'both', entries: batch.entries?.[0]?.entries ?? [] }],
    }
  })
}

const indexed = (): number =>
  withRawDatabase(folder.file(), (db) => db.prepare('SELECT count(*) FROM batches').pluck().get() as number)

async function expectAllRemembered(batches: readonly Batch[], positions: readonly unknown[]): Promise<void> {
  for (const [index, batch] of batches.entries()) {
    expect((await store.journal.append(batch)).positions).toEqual(positions[index])
    const other = { ...batch, entries: [{ stream: 's', entries: [{ type: 'x.y', at: 1, data: 'other' }] }] }
    await expect(store.journal.append(other)).rejects.toMatchObject({ code: 'journal/conflict' })
  }
}

test('every id is remembered, whether the index has it yet or not', async () => {
  for (const count of [1, 127, 128, 129, 300]) {
    const batches = mixedBatches(count)
    const positions = []
    for (const batch of batches) positions.push((await store.journal.append(batch)).positions)
    await expectAllRemembered(batches, positions)
    await reopen()
    await expectAllRemembered(batches, positions)
  }
})

test('the index is written later, and then for many commits together', async () => {
  await appendAll(Array.from({ length: 128 }, (_, index) => batchOf('s', [index])))
  expect(indexed()).toBe(0)
  await store.journal.append(batchOf('s', ['the last']))
  expect(indexed()).toBe(129)
})

test('another connection finds the ids that the index lacks', async () => {
  const batches = Array.from({ length: 20 }, (_, index) => batchOf('s', [index, index]))
  await appendAll(batches)
  expect(indexed()).toBe(0)
  const second = sqliteStore({ file: folder.file() })
  for (const [index, batch] of batches.entries()) {
    expect(await second.journal.append(batch)).toEqual({ positions: { s: index * 2 + 2 } })
  }
  await second.journal.append(batchOf('s', ['second']))
  await appendAll(batches)
  const own = batchOf('s', ['first'])
  await store.journal.append(own)
  expect(await second.journal.append(own)).toEqual({ positions: { s: 42 } })
  expect(await dataOf(second, 's')).toHaveLength(42)
  await second.close()
})

test('a drop forgets the ids that the index lacks', async () => {
  const batch = batchOf('s', ['a'])
  await store.journal.append(batch)
  await store.journal.append({ id: 'drop', drop: ['s'] })
  expect(await store.journal.append(batch)).toEqual({ positions: { s: 1 } })
  await reopen()
  expect(await store.journal.append(batch)).toEqual({ positions: { s: 1 } })
  expect(await dataOf(store, 's')).toEqual(['a'])
})

test('a transaction that is taken back leaves no id behind', async () => {
  await appendAll([batchOf('s', [1]), batchOf('s', [2])])
  let calls = 0
  await store.close()
  store = sqliteStore({
    file: folder.file(),
    clock: () => {
      calls += 1
      if (calls === 2) throw new RangeError('the clock broke')
      return 1
    },
  })
  const [good, bad] = [batchOf('new', [3]), batchOf('t', [4])]
  const outcomes = await Promise.allSettled([store.journal.append(good), store.journal.append(bad)])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected'])
  expect(await store.journal.append(good)).toEqual({ positions: { new: 1 } })
  expect(await store.journal.append(bad)).toEqual({ positions: { t: 1 } })
  // What is in memory alone is gone then.
  await reopen()
  expect(await dataOf(store, 's')).toEqual([1, 2])
  expect(await dataOf(store, 'new')).toEqual([3])
  expect(await dataOf(store, 't')).toEqual([4])
})

test('members in another order are equal content', async () => {
  const batch = batchOf('s', [{ a: 1, b: [{ c: 2, d: 3 }] }])
  await store.journal.append(batch)
  const again = {
    ...batch,
    entries: [
      { stream: 's', entries: [{ type: 'step.finished', at: 5, data: { b: [{ d: 3, c: 2 }], a: 1 } }] },
    ],
  }
  expect(await store.journal.append(again)).toEqual({ positions: { s: 1 } })
  const other = {
    ...again,
    entries: [{ stream: 's', entries: [{ type: 'step.finished', at: 5, data: { a: 1 } }] }],
  }
  const error: unknown = await store.journal.append(other).catch((reason: unknown) => reason)
  expect(isCodedError(error, 'journal/conflict')).toBe(true)
})
