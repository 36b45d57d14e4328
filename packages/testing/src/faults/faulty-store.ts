import { PortError, storeErrorCodes } from '@belay/core/ports'
import type { Store } from '@belay/core/ports'
import { callsOf, portsThrough } from '../remote/store-methods.ts'
import type { StoreMethod } from '../remote/store-methods.ts'

/** What happens to one call of a store. */
export interface StoreFault {
  /** Which call of this wrapper, counted from 1 over all methods; or which calls. */
  readonly at: number | ((call: StoreCallInfo) => boolean)
  /** Before the underlying call, which is then not made, or after it took effect. Default: before. */
  readonly side?: 'before' | 'after'
  /**
   * `fail` throws; `delay` holds the call for as long as its promise is pending; `die` behaves like a
   * killed process: this call and every later one never settles.
   */
  readonly effect: { readonly fail: Error } | { readonly delay: () => Promise<void> } | 'die'
}

/** One call that reached the wrapper. */
export interface StoreCallInfo {
  /** Counted from 1. */
  readonly index: number
  readonly method: StoreMethod
  readonly args: readonly unknown[]
}

/** A store that misbehaves on demand. */
export interface FaultyStore extends Store {
  /** How many calls reached it. */
  calls(): number
  isDead(): boolean
  /** Ends it now, as a kill would. */
  die(): void
  /** Resolves when it is dead. */
  readonly death: Promise<void>
  /** Resolves when no underlying call is under way: what they write is written then. */
  settled(): Promise<void>
}

/** A failure of the disk, for faults that fail. */
export function ioError(): PortError {
  return new PortError({ code: storeErrorCodes.io, message: 'The disk failed' })
}

/** Wraps a store so that the calls named by `faults` fail, wait, or end it. */
export function faultyStore(
  store: Store,
  faults: readonly StoreFault[] = [],
  onDeath?: () => void,
): FaultyStore {
  const call = callsOf(store)
  const death = Promise.withResolvers<void>()
  const underWay = new Set<Promise<unknown>>()
  let count = 0
  let dead = false

  const die = (): void => {
    if (dead) return
    dead = true
    onDeath?.()
    death.resolve()
  }
  /** Throws, waits or dies as the faults of this call say. */
  const suffer = async (info: StoreCallInfo, side: 'before' | 'after'): Promise<void> => {
    for (const { at, side: faultSide = 'before', effect } of faults) {
      const isHit = typeof at === 'number' ? at === info.index : at(info)
      if (!isHit || faultSide !== side) continue
      if (effect === 'die') die()
      else if ('fail' in effect) throw effect.fail
      else await effect.delay()
    }
  }
  const track = (made: Promise<unknown>): Promise<unknown> => {
    underWay.add(made)
    const forget = (): void => void underWay.delete(made)
    made.then(forget, forget)
    return made
  }
  const perform = async (info: StoreCallInfo): Promise<unknown> => {
    await suffer(info, 'before')
    if (dead) return never()
    const outcome = await track(call(info.method, info.args)).then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error
      },
    )
    if (dead) return never()
    await suffer(info, 'after')
    return dead ? never() : outcome()
  }

  return {
    ...store,
    ...portsThrough((method, args) => {
      if (dead) return never()
      count += 1
      return perform({ index: count, method, args })
    }, store.info),
    close: () => (dead ? never() : store.close()),
    calls: () => count,
    isDead: () => dead,
    die,
    death: death.promise,
    settled: async () => {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}

/** What a killed process gives its callers. */
function never(): Promise<never> {
  return new Promise(() => {})
}
