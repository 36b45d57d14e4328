import type { Store } from '@belay/core/ports'
import { outcomeOf, skipCase } from './contract.ts'
import type { CaseOf, ContractCase } from './contract.ts'
import type { StorePlace, StorePlaceFactory } from './store-place.ts'
import { until } from './until.ts'

/** Long enough that no lease of a case ends by itself. */
export const longTtlMs = 600_000

/** What a case about a store works with. */
export interface StoreSubject {
  readonly store: Store
  readonly place: StorePlace
  /** A time to live that `outlive` can wait for. */
  readonly shortTtlMs: number
  /** Resolves once the lease of `key`, taken for `shortTtlMs`, has expired. */
  outlive(key: string): Promise<void>
  /** Moves the store's clock; skips the case where the place cannot. */
  advance(ms: number): Promise<void>
  /** Closes the store and opens another one over the same place. */
  reopen(): Promise<Store>
  /** Another store over the same place beside the first, in another process where the place offers one. */
  openBeside(): Promise<Store>
}

/** A case about a store. */
export type StoreCase = CaseOf<StoreSubject>

/** Real time is never waited for longer than this. */
const realShortTtlMs = 30
const manualShortTtlMs = 10_000

async function withSubject(
  places: StorePlaceFactory,
  body: (subject: StoreSubject) => Promise<void>,
): Promise<void> {
  const place = await places()
  const opened: Store[] = []
  const keep = async (opening: Promise<Store>): Promise<Store> => {
    const store = await opening
    opened.push(store)
    return store
  }
  try {
    const store = await keep(place.open())
    const shortTtlMs = place.advance === undefined ? realShortTtlMs : manualShortTtlMs
    await body({
      store,
      place,
      shortTtlMs,
      outlive: async (key) => {
        await place.advance?.(shortTtlMs + 1)
        const watcher = opened.at(-1) ?? store
        await until(`the lease ${key} to expire`, async () => (await watcher.leases.get(key)) === undefined)
      },
      advance: async (ms) => {
        if (place.advance === undefined) skipCase('the clock of this place cannot be moved')
        await place.advance(ms)
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
export function bindStoreCases(
  cases: readonly StoreCase[],
  places: StorePlaceFactory,
): readonly ContractCase[] {
  return cases.map(({ title, needs, run }) => ({
    title,
    ...(needs === undefined ? {} : { needs }),
    run: () =>
      outcomeOf(() =>
        withSubject(places, async (subject) => {
          const { capabilities } = subject.store.info
          const missing = (needs ?? []).filter((need) => !capabilities.includes(need))
          if (missing.length > 0) skipCase(`the store does not declare ${missing.join(', ')}`)
          await run(subject)
        }),
      ),
  }))
}
