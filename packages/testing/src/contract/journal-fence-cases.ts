import assert from 'node:assert/strict'
import { journalErrorCodes } from '@belay/core/ports'
import type { Store } from '@belay/core/ports'
import { acquireToken, batchOf, dataOf, headOf, streamsOf, write } from './journal-writing.ts'
import { refuses } from './refusals.ts'
import { longTtlMs } from './store-case.ts'
import type { StoreCase } from './store-case.ts'

async function isFenced(store: Store, token: number, leaseKey = 'lease'): Promise<void> {
  const batch = batchOf('guarded', ['stale'], { fence: { leaseKey, token }, heads: [headOf('guarded')] })
  await refuses(() => store.journal.append(batch), journalErrorCodes.fenced)
  assert.deepEqual(await dataOf(store.journal, 'guarded'), [], 'a fenced batch writes no entry')
  assert.deepEqual(await streamsOf(store.journal, {}), [], 'a fenced batch writes no head')
}

/** Only the holder of the current token writes. */
export const journalFenceCases: readonly StoreCase[] = [
  {
    title: 'fence: the holder of a live lease writes',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'lease', longTtlMs)
      for (const data of ['a', 'b']) {
        await store.journal.append(batchOf('s', [data], { fence: { leaseKey: 'lease', token } }))
      }
      assert.deepEqual(await dataOf(store.journal, 's'), ['a', 'b'])
      assert.equal((await store.leases.get('lease'))?.token, token, 'writing does not give the lease up')
    },
  },
  {
    title: 'fence: a token that was never given is refused',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'lease', longTtlMs)
      await isFenced(store, token + 1)
      await isFenced(store, token - 1)
    },
  },
  {
    title: 'fence: a lease that nobody ever held is refused',
    run: async ({ store }) => {
      await isFenced(store, 0)
      await isFenced(store, 1)
    },
  },
  {
    title: 'fence: the token of another lease is refused',
    run: async ({ store }) => {
      await acquireToken(store, 'other', longTtlMs)
      const token = await acquireToken(store, 'other-2', longTtlMs)
      await isFenced(store, token)
    },
  },
  {
    title: 'fence: a holder that released is refused',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'lease', longTtlMs)
      await store.leases.release('lease', token)
      await isFenced(store, token)
    },
  },
  {
    title: 'fence: a holder whose lease expired is refused although nobody else took it',
    run: async ({ store, shortTtlMs, outlive }) => {
      const token = await acquireToken(store, 'lease', shortTtlMs)
      await outlive('lease')
      await isFenced(store, token)
    },
  },
  {
    title: 'fence: a holder that was reclaimed is refused',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'lease', longTtlMs, 'dead')
      await store.leases.reclaim('lease', 'dead')
      await isFenced(store, token)
    },
  },
  {
    title: 'fence: a stale holder is refused while its successor writes',
    run: async ({ store, shortTtlMs, outlive }) => {
      const stale = await acquireToken(store, 'lease', shortTtlMs, 'first')
      await outlive('lease')
      const token = await acquireToken(store, 'lease', longTtlMs, 'second')
      await isFenced(store, stale)
      await store.journal.append(batchOf('s', ['b'], { fence: { leaseKey: 'lease', token } }))
      assert.deepEqual(await dataOf(store.journal, 's'), ['b'])
    },
  },
  {
    title: 'fence: is checked before expect',
    run: async ({ store }) => {
      await write(store, 's', 'a')
      const batch = batchOf('s', ['b'], {
        fence: { leaseKey: 'lease', token: 1 },
        expect: [{ stream: 's', position: 9 }],
      })
      await refuses(() => store.journal.append(batch), journalErrorCodes.fenced)
    },
  },
  {
    title: 'fence: release in a batch gives the lease up for the next owner',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'lease', longTtlMs, 'first')
      await store.journal.append(batchOf('s', ['a'], { fence: { leaseKey: 'lease', token, release: true } }))
      assert.equal(await store.leases.get('lease'), undefined)
      const next = await acquireToken(store, 'lease', longTtlMs, 'second')
      assert.ok(next > token, `${next} is greater than ${token}`)
      await isFenced(store, token)
    },
  },
  {
    title: 'fence: a fenced batch releases nothing',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'lease', longTtlMs)
      const batch = batchOf('s', ['a'], { fence: { leaseKey: 'lease', token: token + 1, release: true } })
      await refuses(() => store.journal.append(batch), journalErrorCodes.fenced)
      assert.equal((await store.leases.get('lease'))?.token, token)
    },
  },
  {
    title: 'fence: a renewed lease keeps its token valid',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'lease', longTtlMs)
      await store.leases.renew('lease', token, longTtlMs)
      await store.journal.append(batchOf('s', ['a'], { fence: { leaseKey: 'lease', token } }))
      assert.deepEqual(await dataOf(store.journal, 's'), ['a'])
    },
  },
]
