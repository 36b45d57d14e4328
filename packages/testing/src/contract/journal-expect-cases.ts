import assert from 'node:assert/strict'
import { isCodedError, journalErrorCodes } from '@belay/core/ports'
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

/** Positions that must hold, and that a refused batch leaves no trace. */
export const journalExpectCases: readonly StoreCase[] = [
  {
    title: 'expect: a batch passes when the stream ends at the position given',
    run: async ({ store }) => {
      await store.journal.append(batchOf('s', ['a'], { expect: [{ stream: 's', position: 0 }] }))
      await store.journal.append(batchOf('s', ['b'], { expect: [{ stream: 's', position: 1 }] }))
      assert.deepEqual(await dataOf(store.journal, 's'), ['a', 'b'])
    },
  },
  {
    title: 'expect: a batch is refused with stream, expected and actual position when it does not hold',
    run: async ({ store }) => {
      await write(store, 's', 'a', 'b')
      for (const position of [0, 1, 3]) {
        const batch = batchOf('s', ['c'], { expect: [{ stream: 's', position }] })
        await refuses(() => store.journal.append(batch), conflict, {
          stream: 's',
          expected: position,
          actual: 2,
        })
      }
      assert.deepEqual(await dataOf(store.journal, 's'), ['a', 'b'])
    },
  },
  {
    title: 'expect: binds streams that the batch does not write',
    run: async ({ store }) => {
      await write(store, 'inbox', 'signal')
      const batch = batchOf('run', ['suspended'], { expect: [{ stream: 'inbox', position: 0 }] })
      await refuses(() => store.journal.append(batch), conflict, { stream: 'inbox', expected: 0, actual: 1 })
      assert.deepEqual(await dataOf(store.journal, 'run'), [])
      await store.journal.append({ ...batch, expect: [{ stream: 'inbox', position: 1 }] })
      assert.deepEqual(await dataOf(store.journal, 'run'), ['suspended'])
    },
  },
  {
    title: 'expect: every one of several must hold',
    run: async ({ store }) => {
      await write(store, 'a', 1)
      const expect = [
        { stream: 'a', position: 1 },
        { stream: 'b', position: 1 },
      ]
      await refuses(() => store.journal.append(batchOf('a', [2], { expect })), conflict, {
        stream: 'b',
        actual: 0,
      })
      await write(store, 'b', 1)
      await store.journal.append(batchOf('a', [2], { expect }))
      assert.deepEqual(await dataOf(store.journal, 'a'), [1, 2])
    },
  },
  {
    title: 'expect: binds a batch that has no entries',
    run: async ({ store }) => {
      const batch = { id: newBatchId(), heads: [headOf('s')], expect: [{ stream: 's', position: 1 }] }
      await refuses(() => store.journal.append(batch), conflict)
      assert.deepEqual(await streamsOf(store.journal, {}), [])
    },
  },
  {
    title: 'expect: is checked against what was there before the drops of its batch',
    run: async ({ store }) => {
      await write(store, 's', 'a', 'b')
      const anew = { drop: ['s'], expect: [{ stream: 's', position: 0 }] }
      await refuses(() => store.journal.append(batchOf('s', ['c'], anew)), conflict, { actual: 2 })
      await store.journal.append(batchOf('s', ['c'], { ...anew, expect: [{ stream: 's', position: 2 }] }))
      assert.deepEqual(await dataOf(store.journal, 's'), ['c'])
    },
  },
  {
    title: 'expect: of many batches that expect one position exactly one is applied',
    run: async ({ store }) => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          store.journal.append(batchOf('s', [index], { expect: [{ stream: 's', position: 0 }] })),
        ),
      )
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
      assert.equal(refused.length, 19)
      for (const { reason } of refused) assert.ok(isCodedError(reason, conflict), String(reason))
      assert.equal((await dataOf(store.journal, 's')).length, 1)
    },
  },
  {
    title: 'atomic: a refused batch leaves entries, heads, drops and its lease as they were',
    run: async ({ store }) => {
      await store.journal.append({ ...batchOf('kept', ['k']), heads: [headOf('kept', { state: 'before' })] })
      const token = await acquireToken(store, 'lease', longTtlMs)
      const batch = {
        id: newBatchId(),
        fence: { leaseKey: 'lease', token, release: true },
        expect: [{ stream: 'last', position: 7 }],
        drop: ['kept'],
        entries: [
          { stream: 'first', entries: [entryOf(1)] },
          { stream: 'last', entries: [entryOf(2)] },
        ],
        heads: [headOf('first'), headOf('kept', { state: 'after' })],
      }
      await refuses(() => store.journal.append(batch), conflict)
      assert.deepEqual(await dataOf(store.journal, 'first'), [])
      assert.deepEqual(await dataOf(store.journal, 'last'), [])
      assert.deepEqual(await dataOf(store.journal, 'kept'), ['k'])
      const heads = await store.journal.heads({})
      assert.deepEqual(
        heads.map((head) => [head.stream, head.state]),
        [['kept', 'before']],
      )
      assert.equal((await store.leases.get('lease'))?.token, token)
    },
  },
  {
    title: 'atomic: an id that was refused can be used again',
    run: async ({ store }) => {
      const batch = batchOf('s', ['a'], { expect: [{ stream: 't', position: 1 }] })
      await refuses(() => store.journal.append(batch), conflict)
      await write(store, 't', 'x')
      assert.deepEqual(await append(store, batch), { positions: { s: 1 } })
      assert.deepEqual(await dataOf(store.journal, 's'), ['a'])
    },
  },
  {
    title: 'atomic: entries, heads, drops and the release of the lease are applied together',
    run: async ({ store }) => {
      await write(store, 'old', 'o')
      const token = await acquireToken(store, 'lease', longTtlMs)
      await store.journal.append({
        ...batchOf('new', ['n']),
        fence: { leaseKey: 'lease', token, release: true },
        drop: ['old'],
        heads: [headOf('new')],
      })
      assert.deepEqual(await dataOf(store.journal, 'new'), ['n'])
      assert.deepEqual(await dataOf(store.journal, 'old'), [])
      assert.deepEqual(await streamsOf(store.journal, {}), ['new'])
      assert.equal(await store.leases.get('lease'), undefined)
    },
  },
]
