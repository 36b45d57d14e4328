import { brokenStore, elsewhere } from './broken-store.ts'
import type { BrokenStore } from './broken-store.ts'

const contract = 'lease' as const

/** Leases that two can hold, or that the wrong one can end. */
export const brokenLeases: readonly BrokenStore[] = [
  brokenStore(
    {
      name: 'gives every holder the same token',
      contract,
      rejectedBy: [
        'token: grows with every new holder, however the one before ended',
        'acquire: takes a lease that has expired',
      ],
    },
    ({ leases }) => {
      const tokens = new Map<string, number>()
      return {
        leases: {
          acquire: async (key, owner, ttlMs) => {
            const result = await leases.acquire(key, owner, ttlMs)
            if (!result.acquired) return { acquired: false, holder: { ...result.holder, token: 1 } }
            tokens.set(key, result.lease.token)
            return { acquired: true, lease: { ...result.lease, token: 1 } }
          },
          release: (key) => leases.release(key, tokens.get(key) ?? 0),
          renew: async (key, _token, ttlMs) => {
            const lease = await leases.renew(key, tokens.get(key) ?? 0, ttlMs)
            return lease && { ...lease, token: 1 }
          },
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'renews a lease that has expired',
      contract,
      rejectedBy: ['renew: an expired holder cannot renew although nobody else took the lease'],
    },
    ({ leases }) => {
      const holders = new Map<string, { owner: string; token: number }>()
      return {
        leases: {
          acquire: async (key, owner, ttlMs) => {
            const result = await leases.acquire(key, owner, ttlMs)
            if (result.acquired) holders.set(key, result.lease)
            return result
          },
          renew: async (key, token, ttlMs) => {
            const renewed = await leases.renew(key, token, ttlMs)
            const holder = holders.get(key)
            if (renewed !== undefined || holder?.token !== token) return renewed
            const again = await leases.acquire(key, holder.owner, ttlMs)
            return again.acquired ? again.lease : undefined
          },
        },
      }
    },
  ),
  brokenStore(
    {
      name: 'lets anyone renew',
      contract,
      rejectedBy: ['renew: gives undefined for a token that is not the current one'],
    },
    ({ leases }) => ({
      leases: {
        renew: async (key, token, ttlMs) => leases.renew(key, (await leases.get(key))?.token ?? token, ttlMs),
      },
    }),
  ),
  brokenStore(
    {
      name: 'adds to what is left when it renews',
      contract,
      rejectedBy: ['renew: extends the lease to the time given from now and keeps its token'],
    },
    ({ leases }) => ({
      leases: {
        renew: async (key, token, ttlMs) =>
          leases.renew(key, token, ttlMs + ((await leases.get(key))?.remainingMs ?? 0)),
      },
    }),
  ),
  brokenStore(
    {
      name: 'lets anyone reclaim',
      contract,
      rejectedBy: [
        'reclaim: does not end the lease of anybody else',
        'reclaim: of many callers that saw one dead owner one ends its lease and none that of its successor',
      ],
    },
    ({ leases }) => ({
      leases: {
        reclaim: async (key) => {
          const holder = await leases.get(key)
          return holder === undefined ? false : leases.release(key, holder.token)
        },
      },
    }),
  ),
  brokenStore(
    { name: 'lets anyone release', contract, rejectedBy: ['release: frees the lease, once'] },
    ({ leases }) => ({
      leases: { release: async (key, token) => leases.release(key, (await leases.get(key))?.token ?? token) },
    }),
  ),
  brokenStore(
    {
      name: 'acquires in two steps',
      contract,
      rejectedBy: ['acquire: of many callers at once exactly one acquires'],
    },
    ({ leases }) => ({
      leases: {
        acquire: async (key, owner, ttlMs) => {
          const holder = await leases.get(key)
          if (holder !== undefined) return { acquired: false, holder }
          await elsewhere()
          const winner = await leases.get(key)
          if (winner !== undefined) await leases.release(key, winner.token)
          return leases.acquire(key, owner, ttlMs)
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'gives a lease again to its holder',
      contract,
      rejectedBy: ['acquire: an owner that holds the lease does not acquire it again'],
    },
    ({ leases }) => ({
      leases: {
        acquire: async (key, owner, ttlMs) => {
          const result = await leases.acquire(key, owner, ttlMs)
          return !result.acquired && result.holder.owner === owner
            ? { acquired: true, lease: result.holder }
            : result
        },
      },
    }),
  ),
  brokenStore(
    {
      name: 'takes any time to live',
      contract,
      rejectedBy: ['acquire: a time to live that is not a positive number is a TypeError'],
    },
    ({ leases }) => ({
      leases: {
        acquire: (key, owner, ttlMs) => leases.acquire(key, owner, ttlMs > 0 ? ttlMs : 1_000),
      },
    }),
  ),
  brokenStore(
    { name: 'shows leases that have ended', contract, rejectedBy: ['release: frees the lease, once'] },
    ({ leases }) => {
      const shown = new Map<string, Awaited<ReturnType<typeof leases.get>>>()
      return {
        leases: {
          acquire: async (key, owner, ttlMs) => {
            const result = await leases.acquire(key, owner, ttlMs)
            if (result.acquired) shown.set(key, result.lease)
            return result
          },
          get: async (key) => shown.get(key),
        },
      }
    },
  ),
]
