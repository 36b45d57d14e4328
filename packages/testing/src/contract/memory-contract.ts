import type { ContractCase } from './contract.ts'
import { bindMemoryCases } from './memory-case.ts'
import { memoryListCases } from './memory-list-cases.ts'
import { memoryNameCases } from './memory-name-cases.ts'
import { memoryPlaceCases, memoryStoreCases } from './memory-place-cases.ts'
import { memoryRecordCases } from './memory-record-cases.ts'
import { memorySearchCases } from './memory-search-cases.ts'
import { memoryTtlCases } from './memory-ttl-cases.ts'
import { bindStoreCases } from './store-case.ts'
import type { StorePlaceFactory } from './store-place.ts'

/**
 * Every promise of the port memory. A memory beside a store is tested as the memory of one: a place whose `open` gives
 * any store with that `memory` and its `info`.
 */
export function memoryContract(places: StorePlaceFactory): readonly ContractCase[] {
  return [
    ...bindMemoryCases(
      [
        ...memoryRecordCases,
        ...memoryNameCases,
        ...memoryListCases,
        ...memoryTtlCases,
        ...memorySearchCases,
        ...memoryPlaceCases,
      ],
      places,
    ),
    ...bindStoreCases(memoryStoreCases, places),
  ]
}
