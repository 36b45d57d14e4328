import assert from 'node:assert/strict'
import { acquireToken } from './journal-writing.ts'
import { refusesMisuse } from './refusals.ts'
import { longTtlMs } from './store-case.ts'
import type { StoreCase } from './store-case.ts'

/** Who may write now. */
export const leaseCases: readonly StoreCase[] = [
  {
    title: 'acquire: gives a free lease with owner, token and the time it lives',
    run: async ({ store }) => {
      const result = await store.leases.acquire('k', 'owner', longTtlMs)
      assert.ok(result.acquired)
      const { owner, token, expiresAt, remainingMs } = result.lease
      assert.equal(owner, 'owner')
      assert.ok(Number.isSafeInteger(token) && token > 0, `token ${token}`)
      assert.ok(remainingMs > 0 && remainingMs <= longTtlMs, `remainingMs ${remainingMs}`)
      assert.ok(expiresAt > longTtlMs / 2, `expiresAt ${expiresAt}`)
    },
  },
  {
    title: 'acquire: another owner gets the holder instead of the lease',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'k', longTtlMs, 'first')
      const result = await store.leases.acquire('k', 'second', longTtlMs)
      assert.ok(!result.acquired)
      assert.equal(result.holder.owner, 'first')
      assert.equal(result.holder.token, token)
      assert.ok(result.holder.remainingMs > 0)
      assert.equal((await store.leases.get('k'))?.owner, 'first')
    },
  },
  {
    title: 'acquire: an owner that holds the lease does not acquire it again',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'k', longTtlMs, 'owner')
      const again = await store.leases.acquire('k', 'owner', longTtlMs * 2)
      assert.ok(!again.acquired)
      assert.equal(again.holder.token, token)
      assert.ok(again.holder.remainingMs <= longTtlMs, 'it is not extended either')
    },
  },
  {
    title: 'acquire: of many callers at once exactly one acquires',
    run: async ({ store }) => {
      const callers = Array.from({ length: 25 }, (_, index) =>
        store.leases.acquire('k', `owner-${index}`, longTtlMs),
      )
      const results = await Promise.all(callers)
      const winners = results.filter((result) => result.acquired)
      assert.equal(winners.length, 1)
      const winner = winners[0]?.lease
      for (const result of results) if (!result.acquired) assert.equal(result.holder.owner, winner?.owner)
    },
  },
  {
    title: 'acquire: keys are independent and taken literally',
    run: async ({ store }) => {
      const keys = ['k', 'K', 'k/', 'k%', '__proto__', "k'", 'k\u0000']
      for (const key of keys) await acquireToken(store, key, longTtlMs, `owner of ${key}`)
      for (const key of keys) assert.equal((await store.leases.get(key))?.owner, `owner of ${key}`)
    },
  },
  {
    title: 'acquire: an owner of 512 characters comes back whole',
    run: async ({ store }) => {
      const owner = '{"boot":"é"} '.repeat(40).slice(0, 512)
      await acquireToken(store, 'k', longTtlMs, owner)
      assert.equal((await store.leases.get('k'))?.owner, owner)
    },
  },
  {
    title: 'acquire: a time to live that is not a positive number is a TypeError',
    run: async ({ store }) => {
      for (const ttlMs of [0, -1, Number.NaN, '1000' as never, undefined as never]) {
        await refusesMisuse(() => store.leases.acquire('k', 'owner', ttlMs))
      }
      assert.equal(await store.leases.get('k'), undefined)
    },
  },
  {
    title: 'acquire: takes a lease that has expired',
    run: async ({ store, shortTtlMs, outlive }) => {
      const token = await acquireToken(store, 'k', shortTtlMs, 'first')
      await outlive('k')
      assert.ok((await acquireToken(store, 'k', longTtlMs, 'second')) > token)
    },
  },
  {
    title: 'token: grows with every new holder, however the one before ended',
    run: async ({ store, shortTtlMs, outlive }) => {
      const tokens = [await acquireToken(store, 'k', longTtlMs, 'a')]
      await store.leases.release('k', tokens[0] ?? 0)
      tokens.push(await acquireToken(store, 'k', longTtlMs, 'a'))
      await store.leases.reclaim('k', 'a')
      tokens.push(await acquireToken(store, 'k', shortTtlMs, 'b'))
      await outlive('k')
      tokens.push(await acquireToken(store, 'k', longTtlMs, 'c'))
      const grown = tokens.every((token, index) => index === 0 || token > (tokens[index - 1] ?? 0))
      assert.ok(grown, `tokens ${tokens.join(', ')}`)
    },
  },
  {
    title: 'renew: extends the lease to the time given from now and keeps its token',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'k', longTtlMs)
      const longer = await store.leases.renew('k', token, longTtlMs * 3)
      assert.equal(longer?.token, token)
      assert.ok((longer?.remainingMs ?? 0) > longTtlMs * 2, 'extended')
      const shorter = await store.leases.renew('k', token, longTtlMs)
      const remainingMs = shorter?.remainingMs ?? 0
      assert.ok(remainingMs > 0 && remainingMs <= longTtlMs, 'from now, not added to what was left')
      assert.equal((await store.leases.get('k'))?.expiresAt, shorter?.expiresAt)
    },
  },
  {
    title: 'renew: gives undefined for a token that is not the current one',
    run: async ({ store }) => {
      const stale = await acquireToken(store, 'k', longTtlMs, 'first')
      await store.leases.release('k', stale)
      assert.equal(await store.leases.renew('k', stale, longTtlMs), undefined, 'released')
      const token = await acquireToken(store, 'k', longTtlMs, 'second')
      assert.equal(await store.leases.renew('k', stale, longTtlMs * 5), undefined, 'succeeded')
      assert.equal(await store.leases.renew('k', token + 1, longTtlMs * 5), undefined, 'never given')
      assert.equal(await store.leases.renew('nothing', 1, longTtlMs), undefined, 'unknown key')
      const now = await store.leases.get('k')
      assert.equal(now?.owner, 'second')
      assert.ok((now?.remainingMs ?? 0) <= longTtlMs, 'the current holder is not extended by others')
    },
  },
  {
    title: 'renew: an expired holder cannot renew although nobody else took the lease',
    run: async ({ store, shortTtlMs, outlive }) => {
      const token = await acquireToken(store, 'k', shortTtlMs)
      await outlive('k')
      assert.equal(await store.leases.renew('k', token, longTtlMs), undefined)
      assert.equal(await store.leases.get('k'), undefined)
    },
  },
  {
    title: 'release: frees the lease, once',
    run: async ({ store }) => {
      const token = await acquireToken(store, 'k', longTtlMs, 'first')
      assert.equal(await store.leases.release('k', token), true)
      assert.equal(await store.leases.release('k', token), false)
      assert.equal(await store.leases.get('k'), undefined)
      await acquireToken(store, 'k', longTtlMs, 'second')
      assert.equal(await store.leases.release('k', token), false, 'a stale token frees nobody')
      assert.equal((await store.leases.get('k'))?.owner, 'second')
      assert.equal(await store.leases.release('nothing', 1), false)
    },
  },
  {
    title: 'release: gives false once the lease has expired',
    run: async ({ store, shortTtlMs, outlive }) => {
      const token = await acquireToken(store, 'k', shortTtlMs)
      await outlive('k')
      assert.equal(await store.leases.release('k', token), false)
    },
  },
]
