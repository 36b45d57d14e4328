import { forkStore } from '@belay/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { startChild } from './support/child.ts'
import { batchOf, dataOf } from './support/journal-batches.ts'
import { storeServer } from './support/sqlite-place.ts'
import { tempFolder } from './support/temp-folder.ts'
import type { TempFolder } from './support/temp-folder.ts'

let folder: TempFolder
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => {
  folder.remove()
})

test('4 processes append to streams of their own and to one together', { timeout: 120_000 }, async () => {
  const each = 60
  const names = ['p0', 'p1', 'p2', 'p3']
  const children = names.map((name) =>
    startChild('./shared-appender.ts', [folder.file(), name, String(each)]),
  )
  for (const child of children) expect((await child.rest()).at(-1)).toMatch(/^refused \d+$/)
  const store = sqliteStore({ file: folder.file() })
  const numbers = Array.from({ length: each }, (_, index) => index + 1)
  const shared = await dataOf(store, 'shared')
  expect(shared).toHaveLength(each * names.length)
  for (const name of names) {
    expect(await dataOf(store, name)).toEqual(numbers)
    expect(shared.filter((data) => typeof data === 'string' && data.startsWith(name))).toEqual(
      numbers.map((index) => `${name} ${index}`),
    )
  }
  await store.close()
})

test('4 processes make the same files at once', { timeout: 120_000 }, async () => {
  const files = 40
  const names = ['p0', 'p1', 'p2', 'p3']
  const children = names.map((name) => startChild('./file-maker.ts', [folder.path, name, String(files)]))
  for (const child of children) expect(await child.rest()).toEqual(['done'])
  for (let index = 0; index < files; index += 1) {
    const store = sqliteStore({ file: folder.file(`${index}.db`) })
    const data = await dataOf(store, 's')
    expect(data).toHaveLength(names.length)
    expect(new Set(data)).toEqual(new Set(names))
    await store.close()
  }
})

test(
  'of 6 processes that race for a lease one holds it, and its tokens grow',
  { timeout: 120_000 },
  async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => forkStore(storeServer, [folder.file()])))
    try {
      let last = 0
      for (let round = 0; round < 30; round += 1) {
        const results = await Promise.all(
          stores.map((store, index) => store.leases.acquire('k', `p${index}`, 600_000)),
        )
        const winners = results.flatMap((result) => (result.acquired ? [result.lease] : []))
        expect(winners).toHaveLength(1)
        const token = winners[0]?.token ?? 0
        expect(token).toBeGreaterThan(last)
        const stale = batchOf('s', [round], { fence: { leaseKey: 'k', token: last } })
        const writes = await Promise.allSettled([
          stores[round % 6]?.journal.append(
            batchOf('s', [round], { fence: { leaseKey: 'k', token, release: true } }),
          ),
          stores[(round + 1) % 6]?.journal.append(stale),
        ])
        expect(writes.map((write) => write.status)).toEqual(['fulfilled', 'rejected'])
        last = token
      }
      const [first] = stores
      const data = first === undefined ? [] : await dataOf(first, 's')
      expect(data).toEqual(Array.from({ length: 30 }, (_, index) => index))
    } finally {
      await Promise.all(stores.map((store) => store.kill()))
    }
  },
)

test('the event loop turns while another process holds the lock', { timeout: 60_000 }, async () => {
  const store = sqliteStore({ file: folder.file() })
  const lease = await store.leases.acquire('k', 'owner', 600_000)
  const token = lease.acquired ? lease.lease.token : 0
  const holder = startChild('./lock-holder.ts', [folder.file()])
  expect(await holder.nextLine()).toBe('held')

  let isWaiting = true
  const writes = Promise.all([
    store.leases.renew('k', token, 600_000),
    store.journal.append(batchOf('s', [1], { fence: { leaseKey: 'k', token } })),
  ]).finally(() => {
    isWaiting = false
  })
  let turns = 0
  while (turns < 500 && isWaiting) {
    await new Promise((resolve) => void setImmediate(resolve))
    turns += 1
  }
  expect(turns).toBe(500)
  expect(isWaiting, 'the write waits for the lock').toBe(true)
  expect(await dataOf(store, 's'), 'readers do not wait').toEqual([])

  holder.tell('release')
  const [renewed, appended] = await writes
  expect(renewed?.token).toBe(token)
  expect(appended.positions).toEqual({ s: 1 })
  await holder.exit()
  await store.close()
})
