import type { Leases, LeaseState } from '@belay/core/ports'
import type { StoreParts } from '../journal/sqlite-journal.ts'
import type { Tables } from '../tables.ts'
import { requireText } from '../text-check.ts'
import type { StoredLease } from './lease-table.ts'

const maxOwner = 512

function requireTtl(ttlMs: number): void {
  if (Number.isFinite(ttlMs) && ttlMs > 0) return
  throw new TypeError(
    `The time to live of a lease is a positive number of milliseconds, not ${String(ttlMs)}`,
  )
}

const toState = (lease: StoredLease, now: number): LeaseState => ({
  ...lease,
  remainingMs: lease.expiresAt - now,
})

function liveLease({ leases }: Tables, key: string, now: number): StoredLease | undefined {
  const lease = leases.get(key)
  return lease !== undefined && lease.expiresAt > now ? lease : undefined
}

/**
 * The leases of a store. Every call that changes one looks and writes in one transaction; the clock is
 * read inside it, so that time spent waiting for the transaction counts against the holder.
 */
export function sqliteLeases({ connection, queue, life, settings }: StoreParts): Leases {
  const { clock } = settings
  return {
    acquire: async (key, owner, ttlMs) => {
      life.requireOpen()
      requireTtl(ttlMs)
      requireText(key, 'A lease key', Infinity)
      requireText(owner, 'The owner of a lease', maxOwner)
      return queue.write((tables) => {
        const now = clock()
        const holder = liveLease(tables, key, now)
        if (holder !== undefined) return { acquired: false, holder: toState(holder, now) }
        return { acquired: true, lease: toState(tables.leases.take(key, owner, now + ttlMs), now) }
      })
    },
    renew: async (key, token, ttlMs) => {
      life.requireOpen()
      requireTtl(ttlMs)
      if (!key.isWellFormed()) return undefined
      return queue.write((tables) => {
        const now = clock()
        const lease = liveLease(tables, key, now)
        if (lease?.token !== token) return undefined
        return toState(tables.leases.extend(key, lease, now + ttlMs), now)
      })
    },
    release: async (key, token) => {
      life.requireOpen()
      return end(key, (lease) => lease.token === token)
    },
    reclaim: async (key, deadOwner) => {
      life.requireOpen()
      return end(key, (lease) => lease.owner === deadOwner)
    },
    get: (key) =>
      life.track(async () => {
        if (!key.isWellFormed()) return undefined
        return connection.read((tables) => {
          const now = clock()
          const lease = tables.leases.read(key)
          return lease !== undefined && lease.expiresAt > now ? toState(lease, now) : undefined
        })
      }),
  }

  async function end(key: string, isMeant: (lease: StoredLease) => boolean): Promise<boolean> {
    if (!key.isWellFormed()) return false
    return queue.write((tables) => {
      const lease = liveLease(tables, key, clock())
      if (lease === undefined || !isMeant(lease)) return false
      tables.leases.remove(key)
      return true
    })
  }
}
