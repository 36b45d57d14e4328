import { brokenBlobs } from './broken-blobs.ts'
import { brokenEntries } from './broken-entries.ts'
import { brokenJournals } from './broken-journals.ts'
import { brokenLeases } from './broken-leases.ts'
import { brokenReaders } from './broken-readers.ts'
import type { BrokenStore } from './broken-store.ts'
import { lyingStores } from './lying-stores.ts'

/** Every broken store of the kit. The lying ones bite only on a store that lives in memory. */
export const brokenStores: readonly BrokenStore[] = [
  ...brokenJournals,
  ...brokenEntries,
  ...brokenReaders,
  ...brokenLeases,
  ...brokenBlobs,
]

export { lyingStores }
