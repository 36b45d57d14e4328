import assert from 'node:assert/strict'
import { append, batchOf, dataOf, headOf, newBatchId, streamsOf, write } from './journal-writing.ts'
import { refusesMisuse } from './refusals.ts'
import type { StoreCase } from './store-case.ts'

const longest = 'n'.repeat(200)

/** Streams that vanish, and what `append` refuses as misuse. */
export const journalDropCases: readonly StoreCase[] = [
  {
    title: 'drop: removes the entries and the head of its stream and of no other',
    run: async ({ store }) => {
      for (const stream of ['s', 's/1', 'S'])
        await store.journal.append(batchOf(stream, [1, 2], { heads: [headOf(stream)] }))
      assert.deepEqual(await append(store, { id: newBatchId(), drop: ['s'] }), { positions: {} })
      assert.deepEqual(await store.journal.read('s'), [])
      assert.deepEqual(await streamsOf(store.journal, {}), ['S', 's/1'])
      assert.deepEqual(await streamsOf(store.journal, { kind: 'thing', group: 'all', states: ['open'] }), [
        'S',
        's/1',
      ])
      assert.deepEqual(await dataOf(store.journal, 's/1'), [1, 2])
    },
  },
  {
    title: 'drop: a dropped stream starts anew at 1',
    run: async ({ store }) => {
      await write(store, 's', 'a', 'b')
      await store.journal.append({ id: newBatchId(), drop: ['s'] })
      const expect = [{ stream: 's', position: 0 }]
      assert.deepEqual(await append(store, batchOf('s', ['c'], { expect })), { positions: { s: 1 } })
      assert.deepEqual(await dataOf(store.journal, 's'), ['c'])
    },
  },
  {
    title: 'drop: is applied before the entries and heads of its batch',
    run: async ({ store }) => {
      await store.journal.append(batchOf('s', ['a', 'b'], { heads: [headOf('s', { state: 'before' })] }))
      const anew = batchOf('s', ['c'], { drop: ['s'], heads: [headOf('s', { state: 'after' })] })
      assert.deepEqual(await append(store, anew), { positions: { s: 1 } })
      assert.deepEqual(await dataOf(store.journal, 's'), ['c'])
      assert.deepEqual(
        (await store.journal.heads({})).map((head) => head.state),
        ['after'],
      )
      assert.deepEqual(await append(store, anew), { positions: { s: 1 } }, 'its id is remembered')
    },
  },
  {
    title: 'drop: a stream that does not exist may be dropped',
    run: async ({ store }) => {
      await store.journal.append(batchOf('s', ['a'], { drop: ['nothing', 'nothing'] }))
      assert.deepEqual(await dataOf(store.journal, 's'), ['a'])
    },
  },
  {
    title: 'drop: a stream that has only a head loses it',
    run: async ({ store }) => {
      await store.journal.append({ id: newBatchId(), heads: [headOf('s')] })
      await store.journal.append({ id: newBatchId(), drop: ['s'] })
      assert.deepEqual(await store.journal.heads({}), [])
    },
  },
  {
    title: 'misuse: an empty stream name is a TypeError and writes nothing',
    run: async ({ store }) => {
      const { journal } = store
      await refusesMisuse(() => journal.append({ ...batchOf('', ['a']), heads: [headOf('s')] }))
      await refusesMisuse(() => journal.append(batchOf('s', ['a'], { heads: [headOf('')] })))
      await refusesMisuse(() => journal.append(batchOf('s', ['a'], { drop: [''] })))
      await refusesMisuse(() =>
        journal.append(batchOf('s', ['a'], { expect: [{ stream: '', position: 0 }] })),
      )
      assert.deepEqual(await journal.read('s'), [])
      assert.deepEqual(await journal.heads({}), [])
    },
  },
  {
    title: 'misuse: a stream name has at most 200 characters',
    run: async ({ store }) => {
      const { journal } = store
      await journal.append(batchOf(longest, ['a'], { heads: [headOf(longest)] }))
      assert.deepEqual(await dataOf(journal, longest), ['a'])
      await refusesMisuse(() => journal.append(batchOf(`${longest}n`, ['a'])))
      await refusesMisuse(() => journal.append({ id: newBatchId(), heads: [headOf(`${longest}n`)] }))
      assert.deepEqual(await streamsOf(journal, {}), [longest])
    },
  },
  {
    title: 'misuse: the data of a head have at most 8 KiB as JSON',
    run: async ({ store }) => {
      const { journal } = store
      const quotes = 2
      const fits = headOf('s', { data: 'x'.repeat(8_192 - quotes) })
      await journal.append({ id: newBatchId(), heads: [fits] })
      assert.deepEqual(await journal.heads({}), [fits])
      for (const data of ['x'.repeat(8_193 - quotes), 'é'.repeat(4_200)]) {
        await refusesMisuse(() => journal.append(batchOf('s', ['a'], { heads: [headOf('s', { data })] })))
      }
      assert.deepEqual(await journal.read('s'), [])
      assert.deepEqual(await journal.heads({}), [fits])
    },
  },
]
