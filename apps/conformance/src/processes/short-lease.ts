import { nodePlatform } from '@belay/core'
import type { Platform, Store } from '@belay/core/ports'

/** The engine's own times: a lease of ten seconds that is renewed every three. */
const leaseTtlMs = 10_000
const leaseRenewMs = 3_000

/** The same store whose leases live `ttlMs`, so that a test can outlive one. */
export function withShortLeases(store: Store, ttlMs: number): Store {
  const short = (asked: number): number => (asked === leaseTtlMs ? ttlMs : asked)
  return {
    ...store,
    leases: {
      ...store.leases,
      acquire: (key, owner, asked) => store.leases.acquire(key, owner, short(asked)),
      renew: (key, token, asked) => store.leases.renew(key, token, short(asked)),
    },
  }
}

/** The real platform, renewing such leases as often in proportion. */
export function shortLeasePlatform(ttlMs: number): Platform {
  const platform = nodePlatform()
  return {
    ...platform,
    timer: (delayMs, fire, options) =>
      platform.timer(delayMs === leaseRenewMs ? (ttlMs * leaseRenewMs) / leaseTtlMs : delayMs, fire, options),
  }
}
