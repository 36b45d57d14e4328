import type { Platform, Store } from '@belay/core/ports'
import { callsOf, portsThrough } from '../remote/store-methods.ts'
import type { FaultyStore } from './faulty-store.ts'

/**
 * The same store on a host whose clock is moved from timer to timer: while a call is under way a macrotask is kept
 * waiting, so that the disk takes none of the host's time and no lease expires over it.
 */
export function withStillClock(store: FaultyStore, platform: Platform): Store {
  const call = callsOf(store)
  let underWay = 0
  const keepStill = (): void => {
    if (underWay > 0 && !store.isDead()) platform.macrotask(keepStill)
  }
  return {
    ...store,
    ...portsThrough(async (method, args) => {
      underWay += 1
      if (underWay === 1) keepStill()
      try {
        return await call(method, args)
      } finally {
        underWay -= 1
      }
    }, store.info),
  }
}
