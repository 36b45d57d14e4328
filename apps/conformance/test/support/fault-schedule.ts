import { nodePlatform } from '@belay/core'
import { isCodedError } from '@belay/core/ports'
import type { Json, PortError } from '@belay/core/ports'
import { faultyStore, processPlatform } from '@belay/testing'
import type { StorePlaceFactory, StoreFault } from '@belay/testing'
import { finishedKeys, sweepScenario } from '../../src/index.ts'
import type { EngineScenario } from '../../src/index.ts'

/** A fault at one call of the store. */
export interface PlannedFault {
  readonly call: number
  readonly side: 'before' | 'after'
  /** Every later call fails too, as with a disk that is gone. */
  readonly lasting: boolean
  readonly error: PortError
}

/** What came of a run that met a fault and was gone on with by another process. */
export interface FaultOutcome {
  readonly calls: number
  /** The code that the caller of the run got; absent without a fault. */
  readonly code: string | undefined
  readonly output: Json | undefined
  readonly problems: readonly string[]
}

/** Runs a scenario with a fault in one process, and then again without one in the next. */
export async function runWithFault(
  scenario: EngineScenario,
  places: StorePlaceFactory,
  fault?: PlannedFault,
): Promise<FaultOutcome> {
  const dead = new Set<string>()
  const sweep = sweepScenario(scenario, places)
  const place = await sweep.place()
  const problems: string[] = []
  const processOf = async (attempt: number, faults: readonly StoreFault[]) => {
    const witnessed: string[] = []
    const store = faultyStore(await place.open(), faults)
    const platform = processPlatform(nodePlatform(), `process-${attempt}`, dead)
    const running = sweep.run({ store, platform, attempt, witness: (key) => void witnessed.push(key) })
    const end = await running.then(
      (output) => ({ output, error: undefined }),
      (error: unknown) => ({ output: undefined, error }),
    )
    await store.settled()
    return { store, witnessed, ...end }
  }
  try {
    const { faults, written } = faultsOf(fault)
    const first = await processOf(1, faults)
    if (fault !== undefined && written() > 0)
      problems.push(`${written()} batches were appended after the fault`)
    if (fault === undefined)
      return { calls: first.store.calls(), code: undefined, output: first.output, problems }
    dead.add('process-1')
    const reader = await place.open()
    const recorded = finishedKeys(await reader.journal.read('run/the-run'))
    await reader.close()
    const second = await processOf(2, [])
    problems.push(...second.witnessed.filter((key) => recorded.has(key)).map((key) => `${key} ran again`))
    if (second.error !== undefined) problems.push(`resuming failed: ${codeOf(second.error)}`)
    return { calls: 0, code: codeOf(first.error), output: second.output, problems }
  } finally {
    await place.close()
  }
}

/** The faults of a plan, and how many batches were asked for after the first of them. */
function faultsOf(fault: PlannedFault | undefined): { faults: readonly StoreFault[]; written: () => number } {
  if (fault === undefined) return { faults: [], written: () => 0 }
  const { call, side, lasting, error } = fault
  let written = 0
  let hasFailed = false
  const seen = new Set<number>()
  // Calls that were under way beside the one that fails may go on; what is asked for after it failed may not.
  const at: StoreFault['at'] = ({ index, method }) => {
    if (hasFailed && method === 'journal.append' && !seen.has(index)) written += 1
    seen.add(index)
    return lasting ? index >= call : index === call
  }
  const effect = {
    get fail() {
      // Results of the same turn are on their way to the journal already.
      setImmediate(() => (hasFailed = true))
      return error
    },
  }
  return { faults: [{ at, side, effect }], written: () => written }
}

function codeOf(error: unknown): string | undefined {
  if (error === undefined) return undefined
  if (isCodedError(error)) return error.code
  return error instanceof Error ? error.message : 'no error object'
}
