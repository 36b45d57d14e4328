import type { ContractCase } from './contract.ts'
import { leaseCases } from './lease-cases.ts'
import { leaseTakeoverCases } from './lease-takeover-cases.ts'
import { bindStoreCases } from './store-case.ts'
import type { StorePlaceFactory } from './store-place.ts'

/** Every promise of the port lease. */
export function leaseContract(places: StorePlaceFactory): readonly ContractCase[] {
  return bindStoreCases([...leaseCases, ...leaseTakeoverCases], places)
}
