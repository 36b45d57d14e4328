import { inMemoryStore } from '@belay/core'
import type { Store } from '@belay/core/ports'
import { sqliteStore } from '@belay/local-sqlite'
import { remotePlaces, reopenedPlaces, storeOpener } from '@belay/testing'
import type { StorePlaceFactory } from '@belay/testing'
import { size } from './reliability.ts'
import { tempFolder } from './temp-folder.ts'

const server = new URL('../processes/store-server.ts', import.meta.url)
const start = 1_700_000_000_000

const inMemory: StorePlaceFactory = async () => {
  let now = start
  return {
    open: async () => inMemoryStore({ clock: () => now }),
    advance: (ms) => {
      now += ms
    },
    close: async () => undefined,
  }
}

const freshFile: StorePlaceFactory = async () => {
  const folder = tempFolder()
  let now = start
  return {
    open: async () => sqliteStore({ file: folder.file('store.db'), clock: () => now }),
    advance: (ms) => {
      now += ms
    },
    close: async () => folder.remove(),
  }
}

const elsewhere = storeOpener(server)

/** Stores beside the first one are in another process. */
const sharedFile: StorePlaceFactory = async () => {
  const folder = tempFolder()
  const others: Store[] = []
  return {
    open: async () => sqliteStore({ file: folder.file('store.db') }),
    openElsewhere: async () => {
      const store = await elsewhere.open([folder.file('store.db')])
      others.push(store)
      return store
    },
    close: async () => {
      await Promise.all(others.map((store) => store.close()))
      folder.remove()
    },
  }
}

const servedFile = remotePlaces({
  module: server,
  place: async () => {
    const folder = tempFolder()
    return { args: [folder.file('store.db')], close: async () => folder.remove() }
  },
})

/** What the contracts of the store ports are run on. */
export const contractSets: Readonly<Record<string, StorePlaceFactory>> & {
  readonly 'in-memory': StorePlaceFactory
} = {
  'in-memory': inMemory,
  'sqlite, fresh': freshFile,
  'sqlite, reopened': reopenedPlaces(freshFile),
  'sqlite, shared': sharedFile,
  // The adapter's own tests run it always.
  ...(size === 'full' && { 'sqlite, other process': servedFile }),
}
