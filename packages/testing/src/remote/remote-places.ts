import type { Store } from '@belay/core/ports'
import type { StorePlaceFactory } from '../contract/store-place.ts'
import { storeOpener } from './remote-store.ts'

/** How stores of another process find their place. */
export interface RemotePlaceOptions {
  /** A module that calls `serveStores`. */
  readonly module: string | URL
  /** Makes a fresh place: the arguments that name it, and its removal. */
  place(): Promise<{ readonly args: readonly string[]; close(): Promise<void> }>
}

/** Places whose every store lives in another process, so that a contract runs on it from outside. */
export function remotePlaces({ module, place }: RemotePlaceOptions): StorePlaceFactory {
  const elsewhere = storeOpener(module)
  return async () => {
    const { args, close } = await place()
    const stores: Store[] = []
    return {
      open: async () => {
        const store = await elsewhere.open(args)
        stores.push(store)
        return store
      },
      close: async () => {
        await Promise.all(stores.map((store) => store.close()))
        await close()
      },
    }
  }
}
