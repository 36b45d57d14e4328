import {
  blobsContract,
  journalContract,
  leaseContract,
  memoryContract,
  remotePlaces,
  reopenedPlaces,
} from '@belay/testing'
import type { StorePlaceFactory } from '@belay/testing'
import { describe, test } from 'vitest'
import { filePlaces, sharedPlaces, storeServer } from './support/sqlite-place.ts'
import { tempFolder } from './support/temp-folder.ts'

const separatePlaces = remotePlaces({
  module: storeServer,
  place: async () => {
    const folder = tempFolder()
    return { args: [folder.file()], close: async () => folder.remove() }
  },
})

const subjects: Readonly<Record<string, StorePlaceFactory>> = {
  'a fresh file': filePlaces,
  'a reopened file': reopenedPlaces(filePlaces),
  'a file shared with another process': sharedPlaces,
  'a file in another process': separatePlaces,
}

const contracts = {
  journal: journalContract,
  lease: leaseContract,
  blobs: blobsContract,
  memory: memoryContract,
}

describe.each(Object.entries(subjects))('on %s', (_subject, places) => {
  describe.each(Object.entries(contracts))('the contract of %s', (_port, contract) => {
    test.for(contract(places))('$title', async (each, { skip }) => {
      const { skipped } = await each.run()
      if (skipped !== undefined) skip(skipped)
    })
  })
})
