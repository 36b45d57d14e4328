import assert from 'node:assert/strict'
import { isCodedError } from '@belay/core/ports'
import {
  blobsContract,
  brokenPlaces,
  brokenStores,
  journalContract,
  leaseContract,
  lyingStores,
  memoryContract,
} from '@belay/testing'
import type { BrokenStore, ContractCase } from '@belay/testing'
import { expect, test } from 'vitest'
import { contractSets, reportCounts } from '../src/index.ts'

const contracts = {
  journal: journalContract,
  lease: leaseContract,
  blobs: blobsContract,
  memory: memoryContract,
}
const inMemory = contractSets['in-memory']

interface Row {
  readonly contract: string
  readonly set: string
  readonly passed: number
  readonly skipped: number
  readonly failed: readonly string[]
}

/** Cases of one contract, a few at once: most of their time is spent waiting for other processes. */
async function runCases(cases: readonly ContractCase[]): Promise<Omit<Row, 'contract' | 'set'>> {
  const queue = [...cases]
  const counts = { passed: 0, skipped: 0, failed: [] as string[] }
  const next = async (): Promise<void> => {
    for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
      try {
        counts[(await each.run()).skipped === undefined ? 'passed' : 'skipped'] += 1
      } catch (error) {
        counts.failed.push(`${each.title}: ${String(error)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: 4 }, next))
  return counts
}

test(
  'the contracts of journal, lease, blobs and memory hold on every adapter set',
  { timeout: 300_000 },
  async () => {
    const rows: Row[] = []
    for (const [set, places] of Object.entries(contractSets)) {
      for (const [contract, casesOn] of Object.entries(contracts)) {
        rows.push({ contract, set, ...(await runCases(casesOn(places))) })
      }
    }
    console.table(rows.map(({ failed, ...row }) => ({ ...row, failed: failed.length })))
    expect(
      rows.flatMap((row) => row.failed.map((title) => `${row.contract} on ${row.set}: ${title}`)),
    ).toEqual([])
    const sum = (set: string, key: 'passed' | 'skipped'): number =>
      rows.filter((row) => row.set === set).reduce((total, row) => total + row[key], 0)
    const cases = Object.values(contracts).flatMap((contract) => contract(inMemory)).length
    for (const set of Object.keys(contractSets)) {
      reportCounts(`contracts / ${set}`, { cases, passed: sum(set, 'passed'), skipped: sum(set, 'skipped') })
    }
  },
)

/** A promise is found broken by an assertion, or by a refusal where an answer was due; nothing else counts. */
async function rejects(broken: BrokenStore, title: string): Promise<boolean> {
  const found = contracts[broken.contract](brokenPlaces(broken, inMemory)).find(
    (each) => each.title === title,
  )
  assert.ok(found !== undefined, `there is no case "${title}"`)
  try {
    // A case that this place cannot show finds nothing.
    await found.run()
    return false
  } catch (error) {
    return error instanceof assert.AssertionError || isCodedError(error)
  }
}

test('the contracts reject every broken store that this place can show', { timeout: 120_000 }, async () => {
  const missed: string[] = []
  const all = [...brokenStores, ...lyingStores]
  await Promise.all(
    all.map(async (broken) => {
      const found = await Promise.all(broken.rejectedBy.map((title) => rejects(broken, title)))
      if (!found.includes(true)) missed.push(broken.name)
    }),
  )
  console.log(`not to be seen without damage below the store: ${missed.join('; ') || 'none'}`)
  reportCounts('contracts / broken stores', { rejected: all.length - missed.length, tried: all.length })
})
