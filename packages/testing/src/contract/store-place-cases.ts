import assert from 'node:assert/strict'
import { journalErrorCodes } from '@belay/core/ports'
import { acquireToken, append, batchOf, dataOf, headOf, streamsOf } from './journal-writing.ts'
import { refuses } from './refusals.ts'
import { longTtlMs } from './store-case.ts'
import type { StoreCase } from './store-case.ts'

const persistent = ['store.persistent'] as const
const multiProcess = ['store.multi-process'] as const

/** The proof of `store.persistent` and `store.multi-process` for the journal. */
export const storePlaceCases: readonly StoreCase[] = [
  {
    title: 'persistent: entries and heads outlive the store',
    needs: persistent,
    run: async ({ store, reopen }) => {
      await store.journal.append(batchOf('s', ['a', { b: [1] }], { heads: [headOf('s', { dueAt: 7 })] }))
      const reopened = await reopen()
      assert.deepEqual(await dataOf(reopened.journal, 's'), ['a', { b: [1] }])
      assert.deepEqual(await reopened.journal.heads({}), [headOf('s', { dueAt: 7 })])
      assert.deepEqual(await append(reopened, batchOf('s', ['c'])), { positions: { s: 3 } })
    },
  },
  {
    title: 'persistent: batch ids outlive the store',
    needs: persistent,
    run: async ({ store, reopen }) => {
      const batch = batchOf('s', ['b'])
      await store.journal.append(batchOf('s', ['a']))
      await store.journal.append(batch)
      const reopened = await reopen()
      assert.deepEqual(await append(reopened, batch), { positions: { s: 2 } })
      await refuses(
        () => reopened.journal.append({ ...batchOf('s', ['c']), id: batch.id }),
        journalErrorCodes.conflict,
      )
      assert.deepEqual(await dataOf(reopened.journal, 's'), ['a', 'b'])
    },
  },
  {
    title: 'persistent: drops outlive the store',
    needs: persistent,
    run: async ({ store, reopen }) => {
      await store.journal.append(batchOf('s', ['a'], { heads: [headOf('s')] }))
      await store.journal.append(batchOf('t', ['b'], { drop: ['s'] }))
      const reopened = await reopen()
      assert.deepEqual(await reopened.journal.read('s'), [])
      assert.deepEqual(await streamsOf(reopened.journal, {}), [])
      assert.deepEqual(await dataOf(reopened.journal, 't'), ['b'])
    },
  },
  {
    title: 'multi-process: a second store over the place reads what the first wrote, and the reverse',
    needs: multiProcess,
    run: async ({ store, openBeside }) => {
      const second = await openBeside()
      await store.journal.append(batchOf('s', ['a'], { heads: [headOf('s', { state: 'one' })] }))
      assert.deepEqual(await dataOf(second.journal, 's'), ['a'])
      await second.journal.append(batchOf('s', ['b'], { heads: [headOf('s', { state: 'two' })] }))
      assert.deepEqual(await dataOf(store.journal, 's'), ['a', 'b'])
      assert.equal((await store.journal.heads({}))[0]?.state, 'two')
    },
  },
  {
    title: 'multi-process: appends of two stores at once give dense positions and lose nothing',
    needs: multiProcess,
    run: async ({ store, openBeside }) => {
      const stores = [store, await openBeside()]
      const writes = stores.flatMap((each, of) =>
        Array.from({ length: 30 }, (_, index) => each.journal.append(batchOf('s', [`${of}/${index}`]))),
      )
      await Promise.all(writes)
      const data = await dataOf(store.journal, 's')
      assert.equal(new Set(data).size, 60)
      assert.deepEqual(await dataOf((stores[1] ?? store).journal, 's'), data, 'both read one order')
    },
  },
  {
    title: 'multi-process: one batch sent by two stores at once is applied once',
    needs: multiProcess,
    run: async ({ store, openBeside }) => {
      const stores = [store, await openBeside()]
      for (let round = 0; round < 10; round += 1) {
        const batch = batchOf(`s${round}`, ['a', 'b'])
        const results = await Promise.all(stores.map((each) => append(each, batch)))
        for (const result of results) assert.deepEqual(result.positions, { [`s${round}`]: 2 })
        assert.deepEqual(await dataOf(store.journal, `s${round}`), ['a', 'b'])
      }
    },
  },
  {
    title: 'multi-process: a holder in one store is fenced as soon as another store took its lease',
    needs: multiProcess,
    run: async ({ store, openBeside }) => {
      const second = await openBeside()
      const stale = await acquireToken(store, 'lease', longTtlMs, 'first')
      await second.leases.reclaim('lease', 'first')
      const token = await acquireToken(second, 'lease', longTtlMs, 'second')
      assert.ok(token > stale)
      const write = batchOf('s', ['stale'], { fence: { leaseKey: 'lease', token: stale } })
      await refuses(() => store.journal.append(write), journalErrorCodes.fenced)
      await second.journal.append(batchOf('s', ['fresh'], { fence: { leaseKey: 'lease', token } }))
      assert.deepEqual(await dataOf(store.journal, 's'), ['fresh'])
    },
  },
  {
    title: 'multi-process: expect sees the entries of the other store',
    needs: multiProcess,
    run: async ({ store, openBeside }) => {
      const stores = [store, await openBeside()]
      const attempts = stores.flatMap((each) =>
        Array.from({ length: 10 }, () =>
          each.journal.append(batchOf('s', [1], { expect: [{ stream: 's', position: 0 }] })),
        ),
      )
      const outcomes = await Promise.allSettled(attempts)
      assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1)
      assert.deepEqual(await dataOf(store.journal, 's'), [1])
    },
  },
]
