import type { StorePlaceFactory } from '../contract/store-place.ts'
import { forkStore } from './remote-store.ts'
import type { RemoteStore } from './remote-store.ts'

/** How stores of other processes find their place. */
export interface RemotePlaceOptions {
  /** A module that opens the store named by its arguments and calls `serveStore`. */
  readonly module: string | URL
  /** Makes a fresh place: the arguments that name it, and its removal. */
  place(): Promise<{ readonly args: readonly string[]; close(): Promise<void> }>
}

/** Places whose every store lives in a process of its own, so that a contract runs on it from outside. */
export function remotePlaces({ module, place }: RemotePlaceOptions): StorePlaceFactory {
  return async () => {
    const { args, close } = await place()
    const stores: RemoteStore[] = []
    return {
      open: async () => {
        const store = await forkStore(module, args)
        stores.push(store)
        return store
      },
      close: async () => {
        await Promise.all(stores.map((store) => store.kill()))
        await close()
      },
    }
  }
}
