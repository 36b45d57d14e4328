import { blobsCases } from './blobs-cases.ts'
import { blobsSweepCases } from './blobs-sweep-cases.ts'
import type { ContractCase } from './contract.ts'
import { bindStoreCases } from './store-case.ts'
import type { StorePlaceFactory } from './store-place.ts'

/** Every promise of the port blobs. */
export function blobsContract(places: StorePlaceFactory): readonly ContractCase[] {
  return bindStoreCases([...blobsCases, ...blobsSweepCases], places)
}
