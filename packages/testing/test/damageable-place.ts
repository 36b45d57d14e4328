import { PortError } from '@belay/core/ports'
import type { MemoryScope } from '@belay/core/ports'
import type { StorePlace } from '../src/contract/store-place.ts'

/** A place whose entries, blobs and memory can be damaged, over one where they cannot: reading notices, as it must. */
export function damageablePlace(place: StorePlace): StorePlace {
  const damaged = new Set<string>()
  const check = (key: string, meta: Record<string, string | number>): void => {
    if (damaged.has(key)) throw new PortError({ code: 'store/corrupt', message: `${key} was damaged`, meta })
  }
  const checkRecord = (scope: MemoryScope, key: string): void => check(JSON.stringify([scope, key]), {})
  return {
    ...place,
    open: async () => {
      const store = await place.open()
      const { memory } = store
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
        ...(memory !== undefined && {
          memory: {
            ...memory,
            get: async (scope, key) => {
              checkRecord(scope, key)
              return memory.get(scope, key)
            },
            list: async (scope, query) => {
              const page = await memory.list(scope, query)
              for (const { key } of page.records) checkRecord(scope, key)
              return page
            },
          },
        }),
      }
    },
    damage: {
      entry: async (stream, position) => void damaged.add(`${stream} ${position}`),
      blob: async (ref) => void damaged.add(ref),
      memory: async (scope, key) => void damaged.add(JSON.stringify([scope, key])),
    },
  }
}
