import type { AdapterInfo, Store } from '@belay/core/ports'

/** The methods of a store's ports by one flat name each. */
export const storeMethods = [
  'journal.append',
  'journal.read',
  'journal.heads',
  'leases.acquire',
  'leases.renew',
  'leases.release',
  'leases.reclaim',
  'leases.get',
  'blobs.put',
  'blobs.get',
  'blobs.sweep',
  'memory.get',
  'memory.set',
  'memory.delete',
  'memory.list',
  'memory.search',
] as const

/** One of `storeMethods`. */
export type StoreMethod = (typeof storeMethods)[number]

/** Calls a method by its flat name. */
export type StoreCall = (method: StoreMethod, args: readonly unknown[]) => Promise<unknown>

/** Calls methods of this store by name. */
export function callsOf(store: Store): StoreCall {
  return async (method, args) => {
    const [port, name] = method.split('.') as [string, string]
    const methods = (store[port as 'journal' | 'leases' | 'blobs' | 'memory'] ?? {}) as unknown as Record<
      string,
      (...args: readonly unknown[]) => Promise<unknown>
    >
    const call = methods[name]
    if (call === undefined) throw new TypeError(`A store has no method ${method}`)
    return call.apply(methods, [...args])
  }
}

/** The ports of a store whose every call goes through `call`. Whether it has a memory is in its info. */
export function portsThrough(
  call: StoreCall,
  { specs, capabilities }: AdapterInfo,
): Pick<Store, 'journal' | 'leases' | 'blobs' | 'memory'> {
  // Each place below gives the method its type; the names are what ties the two together.
  const through = (method: StoreMethod) => ((...args: readonly unknown[]) => call(method, args)) as never
  return {
    journal: {
      append: through('journal.append'),
      read: through('journal.read'),
      heads: through('journal.heads'),
    },
    leases: {
      acquire: through('leases.acquire'),
      renew: through('leases.renew'),
      release: through('leases.release'),
      reclaim: through('leases.reclaim'),
      get: through('leases.get'),
    },
    blobs: {
      put: through('blobs.put'),
      get: through('blobs.get'),
      sweep: through('blobs.sweep'),
    },
    ...(specs.memory !== undefined && {
      memory: {
        get: through('memory.get'),
        set: through('memory.set'),
        delete: through('memory.delete'),
        list: through('memory.list'),
        ...(capabilities.includes('memory.search') && { search: through('memory.search') }),
      },
    }),
  }
}
