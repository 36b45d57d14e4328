import assert from 'node:assert/strict'
import type { Head, HeadQuery } from '@belay/core/ports'
import {
  acquireToken,
  batchOf,
  dataOf,
  headOf,
  newBatchId,
  streamsOf,
  writeHeads,
} from './journal-writing.ts'
import { longTtlMs } from './store-case.ts'
import type { StoreCase } from './store-case.ts'
import { turn } from './until.ts'

const heads: readonly Head[] = [
  headOf('a', { kind: 'run', group: 'g1', state: 'open', dueAt: 100, updatedAt: 10 }),
  headOf('b', { kind: 'run', group: 'g1', state: 'done', updatedAt: 20 }),
  headOf('c', { kind: 'run', group: 'g2', state: 'open', dueAt: 200, updatedAt: 30 }),
  headOf('d', { kind: 'session', group: 'g2', state: 'open', dueAt: 300, updatedAt: 40 }),
  headOf('e', { kind: 'session', group: 'g3', state: 'waiting', updatedAt: 50 }),
]

const queries: readonly (readonly [string, HeadQuery, string])[] = [
  ['nothing', {}, 'abcde'],
  ['streams', { streams: ['d', 'a', 'nothing', 'a'] }, 'ad'],
  ['kind', { kind: 'run' }, 'abc'],
  ['group', { group: 'g2' }, 'cd'],
  ['one state', { states: ['done'] }, 'b'],
  ['several states', { states: ['waiting', 'done', 'nothing'] }, 'be'],
  ['a due time, at or before it', { dueBefore: 200 }, 'ac'],
  ['a time of update, strictly before it', { updatedBefore: 30 }, 'ab'],
  ['a name to start after', { after: 'b' }, 'cde'],
  ['a limit', { limit: 2 }, 'ab'],
  ['a name to start after, and a limit', { after: 'a', limit: 2 }, 'bc'],
  ['kind and states', { kind: 'run', states: ['open'] }, 'ac'],
  ['kind, group and state', { kind: 'run', group: 'g2', states: ['open'] }, 'c'],
  [
    'streams, states and a name to start after',
    { streams: ['a', 'c', 'b'], states: ['open'], after: 'a' },
    'c',
  ],
  ['state and due time', { states: ['open'], dueBefore: 250 }, 'ac'],
  ['several states and a limit', { states: ['open', 'done'], limit: 3 }, 'abc'],
  ['a value that no head has', { kind: 'nothing' }, ''],
  ['no stream at all', { streams: [] }, ''],
  ['no state at all', { states: [] }, ''],
]

const queryCases: readonly StoreCase[] = queries.map(([by, query, expected]) => ({
  title: `heads: a query by ${by} gives the heads that match, in order`,
  run: async ({ store }) => {
    await writeHeads(store, ...[...heads].reverse())
    assert.equal((await streamsOf(store.journal, query)).join(''), expected)
  },
}))

/** The queryable rows. */
export const journalHeadCases: readonly StoreCase[] = [
  ...queryCases,
  {
    title: 'heads: a head comes back equal, and what it lacks stays absent',
    run: async ({ store }) => {
      const full = headOf('full', { dueAt: 5, leaseKey: 'lease', data: { nested: ['x', null] } })
      const bare = headOf('bare')
      await writeHeads(store, full, bare)
      assert.deepEqual(await store.journal.heads({}), [bare, full])
    },
  },
  {
    title: 'heads: a head is replaced as a whole',
    run: async ({ store }) => {
      await writeHeads(
        store,
        headOf('s', { kind: 'k1', group: 'g1', state: 's1', dueAt: 5, leaseKey: 'l', data: { a: 1 } }),
      )
      const next = headOf('s', { kind: 'k2', group: 'g2', state: 's2', updatedAt: 9, data: { b: 2 } })
      await writeHeads(store, next)
      assert.deepEqual(await store.journal.heads({}), [next])
      for (const query of [{ kind: 'k1' }, { group: 'g1' }, { states: ['s1'] }, { dueBefore: 10 }]) {
        assert.deepEqual(await store.journal.heads(query), [], JSON.stringify(query))
      }
    },
  },
  {
    title: 'heads: the limit is 1,000 when none is given, and pages join',
    run: async ({ store }) => {
      const names = Array.from({ length: 1_003 }, (_, index) => `run/${String(index).padStart(5, '0')}`)
      await writeHeads(store, ...names.map((name) => headOf(name)))
      const first = await streamsOf(store.journal, { kind: 'thing' })
      assert.deepEqual(first, names.slice(0, 1_000))
      assert.deepEqual(
        await streamsOf(store.journal, { kind: 'thing', after: first.at(-1) ?? '' }),
        names.slice(1_000),
      )
    },
  },
  {
    title: 'heads: names sort by code units',
    run: async ({ store }) => {
      const names = ['B', 'a', 'a-b', 'a/b', 'a0', 'ab', 'b', '10', '9', '_']
      await writeHeads(store, ...names.map((name) => headOf(name)))
      assert.deepEqual(await streamsOf(store.journal, {}), names.toSorted())
    },
  },
  {
    title: 'heads: unowned leaves out heads whose lease is live',
    run: async ({ store }) => {
      await writeHeads(
        store,
        headOf('free'),
        headOf('held', { leaseKey: 'l1' }),
        headOf('orphan', { leaseKey: 'l2' }),
      )
      await acquireToken(store, 'l1', longTtlMs)
      assert.deepEqual(await streamsOf(store.journal, { unowned: true }), ['free', 'orphan'])
      assert.deepEqual(await streamsOf(store.journal, { unowned: false }), ['free', 'held', 'orphan'])
      assert.deepEqual(await streamsOf(store.journal, {}), ['free', 'held', 'orphan'])
    },
  },
  {
    title: 'heads: a head becomes unowned when its lease is released, reclaimed or expires',
    run: async ({ store, shortTtlMs, outlive }) => {
      const keys = ['released', 'reclaimed', 'expired']
      await writeHeads(store, ...keys.map((key) => headOf(key, { leaseKey: key })))
      const token = await acquireToken(store, 'released', longTtlMs)
      await acquireToken(store, 'reclaimed', longTtlMs, 'dead')
      assert.deepEqual(await streamsOf(store.journal, { unowned: true }), ['expired'])
      await store.leases.release('released', token)
      await store.leases.reclaim('reclaimed', 'dead')
      await acquireToken(store, 'expired', shortTtlMs)
      await outlive('expired')
      assert.deepEqual(await streamsOf(store.journal, { unowned: true }), keys.toSorted())
    },
  },
  {
    title: 'heads: a query sees one moment',
    run: async ({ store }) => {
      const names = Array.from({ length: 20 }, (_, index) => `h${String(index).padStart(2, '0')}`)
      const round = (version: number) => ({
        id: newBatchId(),
        heads: names.map((name) => headOf(name, { data: version })),
      })
      await store.journal.append(round(0))
      let isWriting = true
      const writing = (async () => {
        for (let version = 1; version <= 40; version += 1) await store.journal.append(round(version))
      })().finally(() => {
        isWriting = false
      })
      const watching = (async () => {
        while (isWriting) {
          await turn()
          const versions = new Set((await store.journal.heads({})).map((head) => head.data))
          assert.equal(versions.size, 1, 'heads that are always replaced together agree')
        }
      })()
      await Promise.all([watching, writing])
    },
  },
  {
    title: 'heads: a head is never ahead of or behind the entries of its batch',
    run: async ({ store }) => {
      let isWriting = true
      const writing = (async () => {
        for (let last = 1; last <= 60; last += 1) {
          await store.journal.append(batchOf('s', [last], { heads: [headOf('s', { data: last })] }))
        }
      })().finally(() => {
        isWriting = false
      })
      const watching = (async () => {
        while (isWriting) {
          await turn()
          const before = (await dataOf(store.journal, 's')).length
          const head = Number((await store.journal.heads({ streams: ['s'] }))[0]?.data ?? 0)
          const after = (await dataOf(store.journal, 's')).length
          assert.ok(before <= head && head <= after, `${before} <= ${head} <= ${after}`)
        }
      })()
      await Promise.all([watching, writing])
    },
  },
]
