import assert from 'node:assert/strict'
import { isCodedError } from '@belay/core/ports'
import { describe, test } from 'vitest'
import { brokenStores } from '../src/broken/broken-adapters.ts'
import { brokenSubjects } from '../src/broken/broken-model.ts'
import { brokenModels } from '../src/broken/broken-models.ts'
import { brokenVectors, brokenVectorSubjects } from '../src/broken/broken-vectors.ts'
import { brokenPlaces } from '../src/broken/broken-store.ts'
import { lyingStores } from '../src/broken/lying-stores.ts'
import { blobsContract } from '../src/contract/blobs-contract.ts'
import type { ContractCase } from '../src/contract/contract.ts'
import { embeddingContract } from '../src/contract/embedding-contract.ts'
import { journalContract } from '../src/contract/journal-contract.ts'
import { leaseContract } from '../src/contract/lease-contract.ts'
import { memoryContract } from '../src/contract/memory-contract.ts'
import { modelContract } from '../src/contract/model-contract.ts'
import { rerankContract } from '../src/contract/rerank-contract.ts'
import { damageablePlace } from './damageable-place.ts'
import { inMemoryPlace } from './in-memory-place.ts'
import { runContract } from './run-contract.ts'
import { scriptedModelSubjects, scriptedVectorSubjects } from './scripted-model-subjects.ts'

const places = async () => damageablePlace(await inMemoryPlace())
const vectorContracts = { embeddings: embeddingContract, rerank: rerankContract }
const contracts = {
  journal: journalContract,
  lease: leaseContract,
  blobs: blobsContract,
  memory: memoryContract,
}

function caseOf(cases: readonly ContractCase[], title: string): ContractCase {
  const found = cases.find((each) => each.title === title)
  assert.ok(found !== undefined, `there is no case "${title}"`)
  return found
}

/** A promise is found broken by an assertion, or by a refusal where an answer was due; nothing else counts. */
async function rejects(contractCase: ContractCase): Promise<void> {
  await assert.rejects(
    contractCase.run(),
    (error) => error instanceof assert.AssertionError || isCodedError(error),
  )
}

describe('the good adapters that the defects are planted into', () => {
  for (const [name, contract] of Object.entries(contracts)) runContract(name, contract(places))
})

describe.concurrent('broken adapters', () => {
  for (const broken of [...brokenStores, ...lyingStores]) {
    for (const title of broken.rejectedBy) {
      test(`a store that ${broken.name} is rejected by "${title}"`, async () => {
        const cases = contracts[broken.contract](brokenPlaces(broken, places))
        await rejects(caseOf(cases, title))
      })
    }
  }
  for (const broken of brokenModels) {
    for (const title of broken.rejectedBy) {
      test(`a model that ${broken.name} is rejected by "${title}"`, async () => {
        const cases = modelContract(brokenSubjects(broken, scriptedModelSubjects))
        await rejects(caseOf(cases, title))
      })
    }
  }
  for (const broken of brokenVectors) {
    for (const title of broken.rejectedBy) {
      test(`a model that ${broken.name} is rejected by "${title}"`, async () => {
        const subjects = brokenVectorSubjects(broken, scriptedVectorSubjects)
        await rejects(caseOf(vectorContracts[broken.contract](subjects), title))
      })
    }
  }
})

test('there are at least 30 broken adapters, each with a name of its own', () => {
  const names = [...brokenStores, ...lyingStores, ...brokenModels, ...brokenVectors].map(
    (broken) => broken.name,
  )
  assert.ok(names.length >= 30)
  assert.equal(new Set(names).size, names.length)
})

test('every title is unique in its contract', () => {
  const all = [
    ...Object.values(contracts).map((contract) => contract(places)),
    modelContract(scriptedModelSubjects),
    embeddingContract(scriptedVectorSubjects),
    rerankContract(scriptedVectorSubjects),
  ]
  for (const cases of all) assert.equal(new Set(cases.map((each) => each.title)).size, cases.length)
  assert.ok(all.flat().length >= 120)
})
