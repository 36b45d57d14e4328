import type { Capability } from '@belay/core/ports'
import type { BrokenStore } from './broken-store.ts'

/** A store that says of itself what is not true. */
function lying(capability: Capability, init: Omit<BrokenStore, 'plant'>): BrokenStore {
  return {
    ...init,
    plant: (place) => ({
      ...place,
      open: async () => {
        const store = await place.open()
        const capabilities = [...new Set([...store.info.capabilities, capability])]
        return { ...store, info: { ...store.info, capabilities } }
      },
    }),
  }
}

/** Planted into a store that lives in memory and is new each time that it is opened. */
export const lyingStores: readonly BrokenStore[] = [
  lying('store.persistent', {
    name: 'declares store.persistent and forgets entries',
    contract: 'journal',
    rejectedBy: [
      'persistent: entries and heads outlive the store',
      'persistent: batch ids outlive the store',
    ],
  }),
  lying('store.persistent', {
    name: 'declares store.persistent and forgets blobs',
    contract: 'blobs',
    rejectedBy: ['persistent: blobs outlive the store'],
  }),
  lying('store.persistent', {
    name: 'declares store.persistent and forgets leases',
    contract: 'lease',
    rejectedBy: ['persistent: a live lease is still held after opening again'],
  }),
  lying('store.persistent', {
    name: 'declares store.persistent and forgets memory',
    contract: 'memory',
    rejectedBy: ['persistent: records outlive the store'],
  }),
  lying('store.multi-process', {
    name: 'declares store.multi-process and does not share memory',
    contract: 'memory',
    rejectedBy: ['multi-process: a second store sees what the first wrote, and the reverse'],
  }),
  lying('store.multi-process', {
    name: 'declares store.multi-process and does not share entries',
    contract: 'journal',
    rejectedBy: ['multi-process: a second store over the place reads what the first wrote, and the reverse'],
  }),
  lying('store.multi-process', {
    name: 'declares store.multi-process and does not share leases',
    contract: 'lease',
    rejectedBy: ['multi-process: of callers over two stores at once exactly one acquires'],
  }),
]
