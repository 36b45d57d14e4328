import assert from 'node:assert/strict'
import { batchOf, dataOf, write } from './journal-writing.ts'
import type { StoreCase } from './store-case.ts'
import { turn } from './until.ts'

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Which entries a read gives. */
export const journalReadCases: readonly StoreCase[] = [
  {
    title: 'read: a stream that does not exist reads as empty',
    run: async ({ store }) => {
      assert.deepEqual(await store.journal.read('nothing'), [])
      assert.deepEqual(await store.journal.read('nothing', { after: 5, limit: 5 }), [])
    },
  },
  {
    title: 'read: gives only entries after the position asked for',
    run: async ({ store }) => {
      await write(store, 's', ...numbers(1, 10))
      const entries = await store.journal.read('s', { after: 7 })
      assert.deepEqual(
        entries.map((entry) => entry.position),
        [8, 9, 10],
      )
      assert.deepEqual(await store.journal.read('s', { after: 10 }), [])
      assert.deepEqual(await store.journal.read('s', { after: 1_000 }), [])
    },
  },
  {
    title: 'read: gives exactly the limit while the stream goes on',
    run: async ({ store }) => {
      await write(store, 's', ...numbers(1, 10))
      for (const limit of [1, 3, 10]) {
        const entries = await store.journal.read('s', { limit })
        assert.deepEqual(
          entries.map((entry) => entry.data),
          numbers(1, limit),
        )
      }
      assert.equal((await store.journal.read('s', { limit: 11 })).length, 10)
      assert.deepEqual(
        (await store.journal.read('s', { after: 4, limit: 2 })).map((entry) => entry.data),
        [5, 6],
      )
    },
  },
  {
    title: 'read: the limit is 1,000 when none is given',
    run: async ({ store }) => {
      await store.journal.append(batchOf('s', numbers(1, 1_005)))
      assert.equal((await store.journal.read('s')).length, 1_000)
      assert.deepEqual(
        (await store.journal.read('s', { after: 1_000 })).map((entry) => entry.data),
        numbers(1_001, 1_005),
      )
      assert.equal((await store.journal.read('s', { limit: 1_005 })).length, 1_005)
    },
  },
  {
    title: 'read: pages join without a gap or a repetition',
    run: async ({ store }) => {
      for (const start of [1, 11, 21]) await write(store, 's', ...numbers(start, start + 9))
      const seen: unknown[] = []
      for (let after = 0; ;) {
        const page = await store.journal.read('s', { after, limit: 7 })
        if (page.length === 0) break
        assert.ok((page[0]?.position ?? 0) > after, 'a page begins after the one before it')
        seen.push(...page.map((entry) => entry.data))
        after = page.at(-1)?.position ?? after
      }
      assert.deepEqual(seen, numbers(1, 30))
    },
  },
  {
    title: 'read: what an append has acknowledged is read at once',
    run: async ({ store }) => {
      for (const index of numbers(1, 20)) {
        await write(store, 's', index)
        assert.deepEqual(
          (await store.journal.read('s', { after: index - 1 })).map((entry) => entry.data),
          [index],
        )
      }
    },
  },
  {
    title: 'read: a reader beside writers sees a growing prefix that never changes',
    run: async ({ store }) => {
      let isWriting = true
      const writing = Promise.all(
        numbers(1, 60).map((index) => store.journal.append(batchOf('s', [index, -index]))),
      )
      const watching = (async () => {
        let seen: readonly unknown[] = []
        for (let last = false; ;) {
          await turn()
          const now = await dataOf(store.journal, 's')
          assert.deepEqual(now.slice(0, seen.length), seen)
          assert.equal(now.length % 2, 0, 'a batch is seen whole or not at all')
          seen = now
          if (last) return seen
          last = !isWriting
        }
      })()
      const written = writing.finally(() => {
        isWriting = false
      })
      const [seen] = await Promise.all([watching, written])
      assert.equal(seen.length, 120)
    },
  },
]
