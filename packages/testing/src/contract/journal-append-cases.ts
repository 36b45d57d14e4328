import assert from 'node:assert/strict'
import { append, batchOf, dataOf, entryOf, headOf, newBatchId, readAll, write } from './journal-writing.ts'
import type { StoreCase } from './store-case.ts'

/** Positions, order and what one batch writes. */
export const journalAppendCases: readonly StoreCase[] = [
  {
    title: 'append: positions of a new stream are dense from 1',
    run: async ({ store }) => {
      const result = await append(store, batchOf('s', ['a', 'b', 'c']))
      assert.deepEqual(result, { positions: { s: 3 } })
      const entries = await store.journal.read('s')
      assert.deepEqual(
        entries.map((entry) => [entry.position, entry.data]),
        [
          [1, 'a'],
          [2, 'b'],
          [3, 'c'],
        ],
      )
    },
  },
  {
    title: 'append: a second batch goes on where the stream ended',
    run: async ({ store }) => {
      await write(store, 's', 'a', 'b')
      const result = await append(store, batchOf('s', ['c', 'd']))
      assert.deepEqual(result, { positions: { s: 4 } })
      assert.deepEqual(await dataOf(store.journal, 's'), ['a', 'b', 'c', 'd'])
    },
  },
  {
    title: 'append: a batch writes all of its streams and reports the last position of each',
    run: async ({ store }) => {
      await write(store, 'two', 'earlier')
      const result = await append(store, {
        id: newBatchId(),
        entries: [
          { stream: 'one', entries: [entryOf(1), entryOf(2)] },
          { stream: 'two', entries: [entryOf(3)] },
        ],
        heads: [headOf('three')],
      })
      assert.deepEqual(result, { positions: { one: 2, two: 2 } })
      assert.deepEqual(await dataOf(store.journal, 'one'), [1, 2])
      assert.deepEqual(await dataOf(store.journal, 'two'), ['earlier', 3])
    },
  },
  {
    title: 'append: a stream that a batch names twice gets its entries in the order of the batch',
    run: async ({ store }) => {
      const result = await append(store, {
        id: newBatchId(),
        entries: [
          { stream: 's', entries: [entryOf('a')] },
          { stream: 't', entries: [entryOf('b')] },
          { stream: 's', entries: [entryOf('c')] },
        ],
      })
      assert.deepEqual(result, { positions: { s: 2, t: 1 } })
      assert.deepEqual(await dataOf(store.journal, 's'), ['a', 'c'])
    },
  },
  {
    title: 'append: a batch without entries appends nothing',
    run: async ({ store }) => {
      await write(store, 's', 'a')
      assert.deepEqual(await append(store, { id: newBatchId() }), { positions: {} })
      assert.deepEqual(
        await append(store, {
          id: newBatchId(),
          entries: [],
          heads: [headOf('s')],
          drop: [],
          expect: [],
        }),
        { positions: {} },
      )
      assert.deepEqual(await dataOf(store.journal, 's'), ['a'])
    },
  },
  {
    title: 'append: many batches in flight together give dense positions and lose nothing',
    run: async ({ store }) => {
      const writers = Array.from({ length: 50 }, (_, index) => index)
      const results = await Promise.all(
        writers.map((index) => store.journal.append(batchOf('s', [`${index}/0`, `${index}/1`]))),
      )
      const data = await dataOf(store.journal, 's')
      assert.equal(data.length, 100)
      for (const index of writers) {
        const last = results[index]?.positions['s'] ?? 0
        assert.deepEqual(
          [data[last - 2], data[last - 1]],
          [`${index}/0`, `${index}/1`],
          'a batch is not torn apart',
        )
      }
    },
  },
  {
    title: 'append: batches in flight together over several streams stay whole',
    run: async ({ store }) => {
      const both = (index: number) => ({
        id: newBatchId(),
        entries: [
          { stream: index % 2 === 0 ? 'a' : 'b', entries: [entryOf(index)] },
          { stream: index % 2 === 0 ? 'b' : 'a', entries: [entryOf(index)] },
        ],
      })
      await Promise.all(Array.from({ length: 40 }, (_, index) => store.journal.append(both(index))))
      const [a, b] = [await dataOf(store.journal, 'a'), await dataOf(store.journal, 'b')]
      assert.equal(a.length, 40)
      assert.deepEqual(a, b, 'two streams that are always written together agree on the order')
    },
  },
  {
    title: 'append: streams whose names resemble each other do not mix',
    run: async ({ store }) => {
      const names = ['a', 'A', 'a/', 'a/b', 'a%', 'a_', 'ab', "a'b", 'a"b', 'a\\b', 'a b', 'a*', 'a\u0000b']
      for (const name of names) await write(store, name, `of ${name}`)
      for (const name of names) assert.deepEqual(await dataOf(store.journal, name), [`of ${name}`])
    },
  },
  {
    title: 'append: names of object members are names like any other',
    run: async ({ store }) => {
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
        const { positions } = await store.journal.append(batchOf(name, ['x']))
        assert.ok(Object.hasOwn(positions, name), `positions has ${name} itself`)
        assert.equal(positions[name], 1)
        assert.deepEqual(await dataOf(store.journal, name), ['x'])
      }
    },
  },
  {
    title: 'append: type and time come back as they were written',
    run: async ({ store }) => {
      const entries = [
        { type: 'x'.repeat(64), at: 0, data: 1 },
        { type: 'run.started', at: 1_700_000_000_123, data: 2 },
        { type: 'run.started', at: 1, data: 3 },
      ]
      await store.journal.append({ id: newBatchId(), entries: [{ stream: 's', entries }] })
      assert.deepEqual(
        await readAll(store.journal, 's'),
        entries.map((entry, index) => ({ position: index + 1, ...entry })),
      )
    },
  },
]
