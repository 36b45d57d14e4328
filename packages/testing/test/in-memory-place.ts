import { inMemoryStore } from '@belay/core'
import type { StorePlace } from '../src/contract/store-place.ts'

/** A fresh in-memory store whose clock stands still until a case moves it. */
export async function inMemoryPlace(): Promise<StorePlace> {
  let now = 1_700_000_000_000
  return {
    open: async () => inMemoryStore({ clock: () => now }),
    advance: (ms) => {
      now += ms
    },
    close: async () => {},
  }
}

/** The same with the machine's clock. */
export async function realTimePlace(): Promise<StorePlace> {
  return { open: async () => inMemoryStore(), close: async () => {} }
}
