import assert from 'node:assert/strict'
import { test } from 'vitest'
import { blobsContract } from '../src/contract/blobs-contract.ts'
import { journalContract } from '../src/contract/journal-contract.ts'
import { leaseContract } from '../src/contract/lease-contract.ts'
import { memoryContract } from '../src/contract/memory-contract.ts'
import { refuses } from '../src/contract/refusals.ts'
import { remotePlaces } from '../src/remote/remote-places.ts'
import { forkStore } from '../src/remote/remote-store.ts'
import { runContract } from './run-contract.ts'

const module = new URL('./serve-in-memory-store.ts', import.meta.url)
const places = remotePlaces({ module, place: async () => ({ args: [], close: async () => {} }) })

runContract('journal of a store in another process', journalContract(places))
runContract('leases of a store in another process', leaseContract(places))
runContract('memory of a store in another process', memoryContract(places))
runContract('blobs of a store in another process', blobsContract(places))

test('a call to a killed process fails instead of waiting for ever', async () => {
  const store = await forkStore(module)
  const underWay = Array.from({ length: 10 }, () => store.journal.heads({}).catch((error: unknown) => error))
  await store.kill()
  for (const result of await Promise.all(underWay)) {
    if (!Array.isArray(result)) assert.equal((result as { code?: string }).code, 'store/io')
  }
  await refuses(() => store.journal.heads({}), 'store/io')
  await store.close()
  await store.kill()
})

test('a module that ends without serving is reported', async () => {
  await refuses(() => forkStore(new URL('./serve-nothing.ts', import.meta.url)), 'store/io')
})
