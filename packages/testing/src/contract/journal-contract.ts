import type { ContractCase } from './contract.ts'
import { journalAppendCases } from './journal-append-cases.ts'
import { journalDropCases } from './journal-drop-cases.ts'
import { journalExpectCases } from './journal-expect-cases.ts'
import { journalFenceCases } from './journal-fence-cases.ts'
import { journalHeadCases } from './journal-head-cases.ts'
import { journalIdCases } from './journal-id-cases.ts'
import { journalReadCases } from './journal-read-cases.ts'
import { journalValueCases } from './journal-value-cases.ts'
import { bindStoreCases } from './store-case.ts'
import { storeLifeCases } from './store-life-cases.ts'
import { storePlaceCases } from './store-place-cases.ts'
import type { StorePlaceFactory } from './store-place.ts'

/** Every promise of the ports journal and store. */
export function journalContract(places: StorePlaceFactory): readonly ContractCase[] {
  return bindStoreCases(
    [
      ...journalAppendCases,
      ...journalValueCases,
      ...journalReadCases,
      ...journalExpectCases,
      ...journalIdCases,
      ...journalFenceCases,
      ...journalHeadCases,
      ...journalDropCases,
      ...storeLifeCases,
      ...storePlaceCases,
    ],
    places,
  )
}
