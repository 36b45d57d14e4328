import assert from 'node:assert/strict'
import { journalErrorCodes } from '@belay/core/ports'
import type { Batch } from '@belay/core/ports'
import {
  acquireToken,
  append,
  batchOf,
  dataOf,
  entryOf,
  headOf,
  newBatchId,
  streamsOf,
  write,
} from './journal-writing.ts'
import { refuses } from './refusals.ts'
import { longTtlMs } from './store-case.ts'
import type { StoreCase } from './store-case.ts'

const { conflict } = journalErrorCodes

/** What makes a batch happen once. */
export const journalIdCases: readonly StoreCase[] = [
  {
    title: 'batch id: the same batch again returns its first result and writes nothing',
    run: async ({ store }) => {
      const batch: Batch = {
        id: newBatchId(),
        entries: [
          { stream: 'a', entries: [entryOf(1), entryOf({ deep: [2] })] },
          { stream: 'b', entries: [entryOf(3)] },
        ],
      }
      const first = await append(store, batch)
      await write(store, 'a', 'later')
      assert.deepEqual(await append(store, structuredClone(batch)), first)
      assert.deepEqual(first, { positions: { a: 2, b: 1 } })
      assert.deepEqual(await dataOf(store.journal, 'a'), [1, { deep: [2] }, 'later'])
      assert.deepEqual(await dataOf(store.journal, 'b'), [3])
    },
  },
  {
    title: 'batch id: the same id with other content is a conflict and writes nothing',
    run: async ({ store }) => {
      const id = newBatchId()
      const of = (...parts: [string, ...ReturnType<typeof entryOf>[]][]): Batch => ({
        id,
        entries: parts.map(([stream, ...entries]) => ({ stream, entries })),
      })
      await store.journal.append(of(['s', entryOf('a'), entryOf('b')]))
      const others = [
        of(['s', entryOf('a'), entryOf('c')]),
        of(['s', entryOf('b'), entryOf('a')]),
        of(['s', entryOf('a')]),
        of(['s', entryOf('a'), entryOf('b'), entryOf('c')]),
        of(['s', entryOf('a'), entryOf('b', 'thing.dropped')]),
        of(['t', entryOf('a'), entryOf('b')]),
        of(['s', entryOf('a'), entryOf('b')], ['t', entryOf('c')]),
        of(['s', entryOf('a')], ['t', entryOf('b')]),
      ]
      for (const other of others) await refuses(() => store.journal.append(other), conflict)
      assert.deepEqual(await dataOf(store.journal, 's'), ['a', 'b'])
      assert.deepEqual(await dataOf(store.journal, 't'), [])
    },
  },
  {
    title: 'batch id: times, fence, expect, heads and drops are no part of the content',
    run: async ({ store }) => {
      const id = newBatchId()
      await write(store, 'other', 'o')
      await store.journal.append({ id, entries: [{ stream: 's', entries: [{ ...entryOf('a'), at: 1 }] }] })
      const again = await append(store, {
        id,
        entries: [{ stream: 's', entries: [{ ...entryOf('a'), at: 2 }] }],
        expect: [{ stream: 's', position: 0 }],
        heads: [headOf('s')],
        drop: ['other'],
      })
      assert.deepEqual(again, { positions: { s: 1 } })
      assert.equal((await store.journal.read('s'))[0]?.at, 1, 'the first time stays')
      assert.deepEqual(await streamsOf(store.journal, {}), [], 'heads of a repetition are not written')
      assert.deepEqual(await dataOf(store.journal, 'other'), ['o'], 'drops of a repetition are not applied')
    },
  },
  {
    title: 'batch id: is looked at before the fence',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'lease', longTtlMs)
      const batch = batchOf('s', ['a'], { fence: { leaseKey: 'lease', token, release: true } })
      const first = await append(store, batch)
      const next = await acquireToken(store, 'lease', longTtlMs, 'owner-2')
      assert.deepEqual(await append(store, batch), first, 'the answer of a lost reply is given again')
      assert.equal((await store.leases.get('lease'))?.token, next, 'a repetition releases nothing')
      const other = { ...batchOf('s', ['b']), id: batch.id, fence: { leaseKey: 'lease', token } }
      await refuses(() => store.journal.append(other), conflict)
    },
  },
  {
    title: 'batch id: one batch sent many times at once is applied once',
    run: async ({ store }) => {
      const batch = batchOf('s', ['a', 'b'])
      const results = await Promise.all(Array.from({ length: 20 }, () => append(store, batch)))
      for (const result of results) assert.deepEqual(result, { positions: { s: 2 } })
      assert.deepEqual(await dataOf(store.journal, 's'), ['a', 'b'])
    },
  },
  {
    title: 'batch id: is remembered while one of its streams lives',
    run: async ({ store }) => {
      const batch: Batch = {
        id: newBatchId(),
        entries: [
          { stream: 'a', entries: [entryOf(1)] },
          { stream: 'b', entries: [entryOf(2)] },
        ],
      }
      await store.journal.append(batch)
      await store.journal.append({ id: newBatchId(), drop: ['a'] })
      assert.deepEqual(await append(store, batch), { positions: { a: 1, b: 1 } })
      assert.deepEqual(await dataOf(store.journal, 'a'), [])
      assert.deepEqual(await dataOf(store.journal, 'b'), [2])
      await refuses(() => store.journal.append({ ...batchOf('a', ['x']), id: batch.id }), conflict)
    },
  },
  {
    title: 'batch id: is forgotten with the last of its streams',
    run: async ({ store }) => {
      const batch: Batch = {
        id: newBatchId(),
        entries: [
          { stream: 'a', entries: [entryOf(1)] },
          { stream: 'b', entries: [entryOf(2)] },
        ],
      }
      await store.journal.append(batch)
      await store.journal.append({ id: newBatchId(), drop: ['a'] })
      await store.journal.append({ id: newBatchId(), drop: ['b'] })
      assert.deepEqual(await append(store, batch), { positions: { a: 1, b: 1 } })
      assert.deepEqual(await dataOf(store.journal, 'a'), [1])
    },
  },
  {
    title: 'batch id: a batch without entries is not remembered',
    run: async ({ store }) => {
      const id = newBatchId()
      await store.journal.append({ id, heads: [headOf('s', { state: 'first' })] })
      await store.journal.append({ id, heads: [headOf('s', { state: 'second' })] })
      assert.equal((await store.journal.heads({}))[0]?.state, 'second')
      assert.deepEqual(await append(store, { ...batchOf('s', ['a']), id }), { positions: { s: 1 } })
    },
  },
  {
    title: 'batch id: an id of 128 characters is taken whole',
    run: async ({ store }) => {
      const prefix = 'i'.repeat(127)
      await store.journal.append({ ...batchOf('s', ['a']), id: `${prefix}1` })
      await store.journal.append({ ...batchOf('s', ['b']), id: `${prefix}2` })
      assert.deepEqual(await dataOf(store.journal, 's'), ['a', 'b'])
    },
  },
]
