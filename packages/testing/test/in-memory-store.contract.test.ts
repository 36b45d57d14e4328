import { blobsContract } from '../src/contract/blobs-contract.ts'
import { journalContract } from '../src/contract/journal-contract.ts'
import { leaseContract } from '../src/contract/lease-contract.ts'
import { memoryContract } from '../src/contract/memory-contract.ts'
import { inMemoryPlace, realTimePlace } from './in-memory-place.ts'
import { runContract } from './run-contract.ts'

for (const [clock, places] of Object.entries({ manual: inMemoryPlace, real: realTimePlace })) {
  runContract(`journal of the in-memory store, ${clock} clock`, journalContract(places))
  runContract(`leases of the in-memory store, ${clock} clock`, leaseContract(places))
  runContract(`memory of the in-memory store, ${clock} clock`, memoryContract(places))
  runContract(`blobs of the in-memory store, ${clock} clock`, blobsContract(places))
}
