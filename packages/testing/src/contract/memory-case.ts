import type { Capability, Memory, MemoryRecord, MemoryScope, Store } from '@belay/core/ports'
import { outcomeOf, skipCase } from './contract.ts'
import type { CaseOf, ContractCase } from './contract.ts'
import type { StorePlaceFactory } from './store-place.ts'
import { until } from './until.ts'

/** What a case about a memory works with. */
export interface MemorySubject {
  readonly memory: Memory
  readonly capabilities: readonly Capability[]
  /** A scope of a kind that the memory takes. */
  scope(id: string): MemoryScope
  /** A time to live that `outlive` can wait for. */
  readonly shortTtlMs: number
  /** Resolves once a record that was set for `shortTtlMs` before this call has expired. */
  outlive(): Promise<void>
  /** Closes the store and opens another one over the same place. */
  reopen(): Promise<Memory>
  /** The memory of another store over the same place, in another process where the place offers one. */
  openBeside(): Promise<Memory>
}

/** A case about a memory. */
export type MemoryCase = CaseOf<MemorySubject>

/** Every kind of scope. */
export const scopeKinds: readonly MemoryScope['kind'][] = ['run', 'session', 'agent', 'user', 'tenant']

/** Real time is never waited for longer than this. */
const realShortTtlMs = 30
const manualShortTtlMs = 10_000

/** The kinds that a memory takes: none declared means all. */
export function takenKinds(capabilities: readonly Capability[]): readonly MemoryScope['kind'][] {
  const declared = scopeKinds.filter((kind) => capabilities.includes(`memory.scope.${kind}`))
  return declared.length === 0 ? scopeKinds : declared
}

/** The keys of records, in order. */
export function keysOf(records: readonly MemoryRecord[]): string[] {
  return records.map((record) => record.key)
}

async function withSubject(
  places: StorePlaceFactory,
  body: (subject: MemorySubject) => Promise<void>,
): Promise<void> {
  const place = await places()
  const opened: Store[] = []
  const keep = async (opening: Promise<Store>): Promise<Memory> => {
    const store = await opening
    opened.push(store)
    return store.memory ?? skipCase('the store has no memory')
  }
  try {
    const memory = await keep(place.open())
    const capabilities = opened[0]?.info.capabilities ?? []
    const [kind = 'session'] = takenKinds(capabilities).toReversed()
    const shortTtlMs = place.advance === undefined ? realShortTtlMs : manualShortTtlMs
    await body({
      memory,
      capabilities,
      scope: (id) => ({ kind, id }),
      shortTtlMs,
      outlive: async () => {
        if (place.advance !== undefined) return place.advance(shortTtlMs + 1)
        const end = performance.now() + shortTtlMs + 10
        await until('a record to expire', () => performance.now() > end)
      },
      reopen: async () => {
        await Promise.all(opened.splice(0).map((each) => each.close()))
        return keep(place.open())
      },
      openBeside: () => keep(place.openElsewhere?.() ?? place.open()),
    })
  } finally {
    await Promise.allSettled(opened.map((store) => store.close()))
    await place.close()
  }
}

/** Gives each case a fresh place, and skips those whose capabilities its store does not declare. */
export function bindMemoryCases(
  cases: readonly MemoryCase[],
  places: StorePlaceFactory,
): readonly ContractCase[] {
  return cases.map(({ title, needs, run }) => ({
    title,
    ...(needs === undefined ? {} : { needs }),
    run: () =>
      outcomeOf(() =>
        withSubject(places, async (subject) => {
          const missing = (needs ?? []).filter((need) => !subject.capabilities.includes(need))
          if (missing.length > 0) skipCase(`the store does not declare ${missing.join(', ')}`)
          await run(subject)
        }),
      ),
  }))
}
