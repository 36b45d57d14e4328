import type { Memory, Store } from '@belay/core/ports'
import type { StorePlace, StorePlaceFactory } from '../contract/store-place.ts'

/** A store adapter with one defect, made from a good one. */
export interface BrokenStore {
  readonly name: string
  /** Which contract rejects it. */
  readonly contract: 'journal' | 'lease' | 'blobs' | 'memory'
  /** Titles of the cases that must reject it; it may fail others too. */
  readonly rejectedBy: readonly string[]
  /** Plants the defect into stores of a good place. */
  plant(place: StorePlace): StorePlace
}

/** The parts of a store that a defect replaces. */
export type BrokenParts = {
  readonly [Port in 'journal' | 'leases' | 'blobs']?: Partial<Store[Port]>
} & { readonly memory?: Partial<Memory> }

/** A defect in the store itself. `breaking` gets the good store and gives the parts that differ. */
export function brokenStore(
  init: Omit<BrokenStore, 'plant'>,
  breaking: (store: Store, place: StorePlace) => BrokenParts,
): BrokenStore {
  return {
    ...init,
    plant: (place) => ({
      ...place,
      open: async () => {
        const store = await place.open()
        const parts = breaking(store, place)
        return {
          ...store,
          journal: { ...store.journal, ...parts.journal },
          leases: { ...store.leases, ...parts.leases },
          blobs: { ...store.blobs, ...parts.blobs },
          ...(store.memory !== undefined && { memory: { ...store.memory, ...parts.memory } }),
        }
      },
    }),
  }
}

/** Places of the adapter with its defect. */
export function brokenPlaces(broken: BrokenStore, places: StorePlaceFactory): StorePlaceFactory {
  return async () => broken.plant(await places())
}

/** Another turn of the event loop, in which others come in between. */
export function elsewhere(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

let idCount = 0

/** An id for a batch that a broken adapter makes by itself. */
export function freshId(): string {
  idCount += 1
  return `broken-${idCount}`
}
