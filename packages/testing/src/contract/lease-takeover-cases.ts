import assert from 'node:assert/strict'
import { acquireToken } from './journal-writing.ts'
import { longTtlMs } from './store-case.ts'
import type { StoreCase } from './store-case.ts'

/** Leases that change hands, and the store's clock. */
export const leaseTakeoverCases: readonly StoreCase[] = [
  {
    title: 'reclaim: ends the lease of the owner named, before it expires',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'k', longTtlMs, 'dead')
      assert.equal(await store.leases.reclaim('k', 'dead'), true)
      assert.equal(await store.leases.get('k'), undefined)
      assert.equal(await store.leases.renew('k', token, longTtlMs), undefined)
      assert.equal(await store.leases.release('k', token), false)
      assert.ok((await acquireToken(store, 'k', longTtlMs, 'next')) > token)
    },
  },
  {
    title: 'reclaim: does not end the lease of anybody else',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'k', longTtlMs, 'alive')
      for (const owner of ['dead', 'aliv', 'alive ', 'ALIVE', '', '%']) {
        assert.equal(await store.leases.reclaim('k', owner), false, `reclaimed as "${owner}"`)
      }
      assert.equal((await store.leases.get('k'))?.token, token)
      assert.equal(await store.leases.reclaim('nothing', 'dead'), false)
    },
  },
  {
    title:
      'reclaim: of many callers that saw one dead owner one ends its lease and none that of its successor',
    run: async ({ store }) => {
      await acquireToken(store, 'k', longTtlMs, 'dead')
      const callers = Array.from({ length: 10 }, async (_, index) => {
        const reclaimed = await store.leases.reclaim('k', 'dead')
        const result = await store.leases.acquire('k', `next-${index}`, longTtlMs)
        return { reclaimed, acquired: result.acquired }
      })
      const results = await Promise.all(callers)
      assert.equal(results.filter((result) => result.reclaimed).length, 1)
      assert.equal(results.filter((result) => result.acquired).length, 1)
      assert.equal(await store.leases.reclaim('k', 'dead'), false, 'one that comes late ends nothing')
      assert.match((await store.leases.get('k'))?.owner ?? '', /^next-/)
    },
  },
  {
    title: 'reclaim: gives false for an owner whose lease has expired or was released',
    run: async ({ store, shortTtlMs, outlive }) => {
      await acquireToken(store, 'k', shortTtlMs, 'dead')
      await outlive('k')
      assert.equal(await store.leases.reclaim('k', 'dead'), false)
      const token = await acquireToken(store, 'k', longTtlMs, 'dead')
      await store.leases.release('k', token)
      assert.equal(await store.leases.reclaim('k', 'dead'), false)
    },
  },
  {
    title: 'get: shows the live lease to onlookers, or undefined',
    run: async ({ store }) => {
      assert.equal(await store.leases.get('k'), undefined)
      const result = await store.leases.acquire('k', 'owner', longTtlMs)
      assert.ok(result.acquired)
      const seen = await store.leases.get('k')
      const { owner, token, expiresAt } = result.lease
      assert.deepEqual({ ...seen, remainingMs: 0 }, { owner, token, expiresAt, remainingMs: 0 })
      assert.ok((seen?.remainingMs ?? 0) > 0 && (seen?.remainingMs ?? 0) <= longTtlMs)
    },
  },
  {
    title: 'clock: time passes for a lease as it passes for the store',
    run: async ({ store, advance }) => {
      await advance(1)
      const token = await acquireToken(store, 'k', 10_000)
      await advance(4_000)
      const seen = await store.leases.get('k')
      assert.equal(seen?.remainingMs, 6_000)
      const renewed = await store.leases.renew('k', token, 5_000)
      assert.equal(renewed?.remainingMs, 5_000)
      await advance(4_999)
      assert.equal((await store.leases.get('k'))?.token, token, 'live up to its last moment')
      await advance(2)
      assert.equal(await store.leases.get('k'), undefined)
    },
  },
  {
    title: 'persistent: tokens grow past closing and opening again',
    needs: ['store.persistent'],
    run: async ({ store, reopen }) => {
      const released = await acquireToken(store, 'released', longTtlMs)
      await store.leases.release('released', released)
      const dead = await acquireToken(store, 'held', longTtlMs, 'dead')
      const reopened = await reopen()
      assert.ok((await acquireToken(reopened, 'released', longTtlMs)) > released)
      await reopened.leases.reclaim('held', 'dead')
      assert.ok((await acquireToken(reopened, 'held', longTtlMs, 'next')) > dead)
    },
  },
  {
    title: 'persistent: a live lease is still held after opening again',
    needs: ['store.persistent'],
    run: async ({ store, reopen }) => {
      const token = await acquireToken(store, 'k', longTtlMs, 'holder')
      const reopened = await reopen()
      const seen = await reopened.leases.get('k')
      assert.deepEqual([seen?.owner, seen?.token], ['holder', token])
      assert.equal((await reopened.leases.renew('k', token, longTtlMs))?.token, token)
    },
  },
  {
    title: 'multi-process: of callers over two stores at once exactly one acquires',
    needs: ['store.multi-process'],
    run: async ({ store, openBeside }) => {
      const stores = [store, await openBeside()]
      for (let round = 0; round < 10; round += 1) {
        const calls = stores.flatMap((each, of) =>
          Array.from({ length: 4 }, (_, index) =>
            each.leases.acquire(`k${round}`, `${of}/${index}`, longTtlMs),
          ),
        )
        const winners = (await Promise.all(calls)).filter((result) => result.acquired)
        assert.equal(winners.length, 1)
        const seen = await Promise.all(stores.map((each) => each.leases.get(`k${round}`)))
        for (const lease of seen) assert.equal(lease?.token, winners[0]?.lease.token)
      }
    },
  },
  {
    title: 'multi-process: tokens grow over the holders of two stores',
    needs: ['store.multi-process'],
    run: async ({ store, openBeside }) => {
      const stores = [store, await openBeside()]
      let last = 0
      for (let round = 0; round < 10; round += 1) {
        const each = stores[round % 2] ?? store
        const token = await acquireToken(each, 'k', longTtlMs, `owner-${round}`)
        assert.ok(token > last, `${token} is greater than ${last}`)
        last = token
        assert.equal(await (stores[(round + 1) % 2] ?? store).leases.release('k', token), true)
      }
    },
  },
]
