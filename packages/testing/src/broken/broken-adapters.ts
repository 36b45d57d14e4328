import { brokenBlobs } from './broken-blobs.ts'
import { brokenEntries } from './broken-entries.ts'
import { brokenHeads } from './broken-heads.ts'
import { brokenJournals } from './broken-journals.ts'
import { brokenLeases } from './broken-leases.ts'
import { brokenMemories } from './broken-memories.ts'
import { brokenReaders } from './broken-readers.ts'
import type { BrokenStore } from './broken-store.ts'

/** Every broken store of the kit that can be made from any good one. */
export const brokenStores: readonly BrokenStore[] = [
  ...brokenJournals,
  ...brokenEntries,
  ...brokenReaders,
  ...brokenHeads,
  ...brokenLeases,
  ...brokenBlobs,
  ...brokenMemories,
]
