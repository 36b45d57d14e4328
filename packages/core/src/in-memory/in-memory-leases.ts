import type { Leases, LeaseState } from '../ports/lease.ts'
import { liveLease, requireOpen } from './in-memory-state.ts'
import type { InMemoryState, StoredLease } from './in-memory-state.ts'

/** The leases of an in-memory store. Each call is one synchronous turn, which makes it atomic. */
export function inMemoryLeases(state: InMemoryState): Leases {
  return {
    acquire: async (key, owner, ttlMs) => {
      requireOpen(state)
      requireTtl(ttlMs)
      const holder = liveLease(state, key)
      if (holder !== undefined) return { acquired: false, holder: toLeaseState(state, holder) }
      state.lastToken += 1
      return { acquired: true, lease: put(state, key, { owner, token: state.lastToken, ttlMs }) }
    },
    renew: async (key, token, ttlMs) => {
      requireOpen(state)
      requireTtl(ttlMs)
      const lease = liveLease(state, key)
      return lease?.token === token ? put(state, key, { owner: lease.owner, token, ttlMs }) : undefined
    },
    release: async (key, token) => {
      requireOpen(state)
      return liveLease(state, key)?.token === token && state.leases.delete(key)
    },
    reclaim: async (key, deadOwner) => {
      requireOpen(state)
      return liveLease(state, key)?.owner === deadOwner && state.leases.delete(key)
    },
    get: async (key) => {
      requireOpen(state)
      const lease = liveLease(state, key)
      return lease === undefined ? undefined : toLeaseState(state, lease)
    },
  }
}

function requireTtl(ttlMs: number): void {
  if (Number.isFinite(ttlMs) && ttlMs > 0) return
  throw new TypeError(
    `The time to live of a lease is a positive number of milliseconds, not ${String(ttlMs)}`,
  )
}

function put(
  state: InMemoryState,
  key: string,
  { owner, token, ttlMs }: { owner: string; token: number; ttlMs: number },
): LeaseState {
  const lease: StoredLease = { owner, token, expiresAt: state.clock() + ttlMs }
  state.leases.set(key, lease)
  return toLeaseState(state, lease)
}

function toLeaseState(state: InMemoryState, { owner, token, expiresAt }: StoredLease): LeaseState {
  return { owner, token, expiresAt, remainingMs: expiresAt - state.clock() }
}
