import { inMemoryStore } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import { sharedPlace } from '@belay/testing'
import type { StorePlaceFactory } from '@belay/testing'
import { tempFolder } from './temp-folder.ts'

/** One store in memory for each place; it outlives the processes that a sweep kills. */
const inMemoryPlaces: StorePlaceFactory = async () => sharedPlace(inMemoryStore())

/** One fresh file for each place; every process of it opens the file anew. */
const sqlitePlaces: StorePlaceFactory = async () => {
  const folder = tempFolder()
  return {
    open: async () => sqliteStore({ file: folder.file('store.db') }),
    close: async () => folder.remove(),
  }
}

/** The adapter sets that scenarios of one process are crossed with. */
export const adapterSets: Readonly<Record<'in-memory' | 'sqlite', StorePlaceFactory>> = {
  'in-memory': inMemoryPlaces,
  sqlite: sqlitePlaces,
}
