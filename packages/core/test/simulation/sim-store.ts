import type { Store } from '../../src/ports/index.ts'
import type { SimProcess } from './sim-process.ts'

/** What happens around a store call: crash points, and what the world notes of it. */
export interface StoreHooks {
  /** True when the process dies here. */
  point(process: SimProcess): boolean
  random(): number
  /** The effect of a call happened. */
  applied(process: SimProcess, method: string, args: readonly unknown[], result: unknown): void
}

const never = (): Promise<never> => new Promise(() => undefined)

/**
 * The store as one process sees it: every call takes virtual time before and after its effect, and the process
 * can die before the call, or after the effect and before the answer.
 */
export function simulatedStore(store: Store, process: SimProcess, hooks: StoreHooks, shared: boolean): Store {
  const wrap = <Port extends object>(port: Port): Port => {
    const methods = Object.entries(port).map(([method, call]) => [
      method,
      (...args: unknown[]) =>
        callStore(process, hooks, { method, args, call: () => call(...args) as Promise<unknown> }),
    ])
    return Object.fromEntries(methods) as Port
  }
  return {
    info: {
      ...store.info,
      capabilities: [...store.info.capabilities, ...(shared ? (['store.multi-process'] as const) : [])],
    },
    journal: wrap(store.journal),
    leases: wrap(store.leases),
    blobs: wrap(store.blobs),
    ...(store.memory !== undefined && { memory: wrap(store.memory) }),
    close: () => Promise.resolve(),
  }
}

interface StoreCall {
  readonly method: string
  readonly args: readonly unknown[]
  readonly call: () => Promise<unknown>
}

async function callStore(
  process: SimProcess,
  hooks: StoreHooks,
  { method, args, call }: StoreCall,
): Promise<unknown> {
  if (process.dead || hooks.point(process)) return never()
  await process.delay(1 + hooks.random() * 4)
  const outcome = await call().then(
    (value) => ({ ok: true as const, value }),
    (error: unknown) => ({ ok: false as const, error }),
  )
  if (outcome.ok) hooks.applied(process, method, args, outcome.value)
  if (process.dead || hooks.point(process)) return never()
  await process.delay(hooks.random() * 2)
  if (outcome.ok) return outcome.value
  throw outcome.error
}
