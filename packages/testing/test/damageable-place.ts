import { PortError } from '@belay/core/ports'
import type { StorePlace } from '../src/contract/store-place.ts'

/** A place whose entries and blobs can be damaged, over one where they cannot: reading notices, as it must. */
export function damageablePlace(place: StorePlace): StorePlace {
  const damaged = new Set<string>()
  const check = (key: string, meta: Record<string, string | number>): void => {
    if (damaged.has(key)) throw new PortError({ code: 'store/corrupt', message: `${key} was damaged`, meta })
  }
  return {
    ...place,
    open: async () => {
      const store = await place.open()
      return {
        ...store,
        journal: {
          ...store.journal,
          read: async (stream, options) => {
            const entries = await store.journal.read(stream, options)
            for (const { position } of entries) check(`${stream} ${position}`, { stream, position })
            return entries
          },
        },
        blobs: {
          ...store.blobs,
          get: async (ref) => {
            check(ref, { ref })
            return store.blobs.get(ref)
          },
        },
      }
    },
    damage: {
      entry: async (stream, position) => void damaged.add(`${stream} ${position}`),
      blob: async (ref) => void damaged.add(ref),
    },
  }
}
