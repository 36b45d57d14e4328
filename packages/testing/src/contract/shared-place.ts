import type { Store } from '@belay/core/ports'
import type { StorePlace } from './store-place.ts'

/**
 * A place that is one store: what `open` gives is a new object over it whose `close` leaves it open. For stores
 * that live in memory, so that they outlive the simulated death of a process.
 */
export function sharedPlace(store: Store): StorePlace {
  return {
    open: async () => ({ ...store, close: async () => {} }),
    close: () => store.close(),
  }
}
