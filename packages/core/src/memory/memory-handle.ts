import type { MemoryHandle } from '../define/memory.ts'
import { invalidOption } from '../define/check.ts'
import type { Json, Memory, MemoryPage, MemoryScope } from '../ports/index.ts'
import { handled } from '../run/attempt.ts'
import type { MemoryUse } from '../run/run-memory.ts'
import { checkCursor, checkKey, checkLimit, checkPrefix, checkSearch, checkWrite } from './memory-input.ts'
import { requireMemory, requireSearch, requireTtl } from './memory-support.ts'

/** One operation on a memory, before it is decided when it is made. */
export interface MemoryOperation<T> {
  readonly verb: 'read' | 'write' | 'delete' | 'list' | 'search'
  readonly scope: MemoryScope
  /** The key, where there is one. */
  readonly key: string
  /** What else it was asked with. */
  readonly input: Json
  readonly make: () => Promise<T>
}

/** Makes an operation: as a step of a run, or at once. */
export type PerformMemory = <T>(operation: MemoryOperation<T>) => Promise<T>

/** The memory of one scope. What it does not support is refused before the adapter is asked. */
export function memoryHandle(
  use: MemoryUse | undefined,
  scope: MemoryScope,
  perform: PerformMemory,
): MemoryHandle {
  /** A refusal is a rejection like any other, and one that nobody awaits must not end the process. */
  const ask = <T>(operation: (memory: Memory) => Omit<MemoryOperation<T>, 'scope'>): Promise<T> => {
    try {
      return handled(perform({ scope, ...operation(requireMemory(use, scope.kind)) }))
    } catch (error) {
      return handled(Promise.reject(error))
    }
  }
  return {
    read: (key) =>
      ask((memory) => ({
        verb: 'read',
        key: checkKey(key),
        input: null,
        make: () => memory.get(scope, key),
      })),
    write: (key, value, options = {}) =>
      ask((memory) => {
        checkKey(key)
        const write = checkWrite(value, options)
        if (write.ttlMs !== undefined) requireTtl(use)
        const make = async (): Promise<void> => void (await memory.set(scope, key, write))
        return {
          verb: 'write',
          key,
          input: { ...write, ttlMs: write.ttlMs ?? null },
          make,
        }
      }),
    delete: (key) =>
      ask((memory) => ({
        verb: 'delete',
        key: checkKey(key),
        input: null,
        make: () => memory.delete(scope, key),
      })),
    list: ({ prefix = '', limit = 100, cursor } = {}) =>
      ask((memory) => {
        const query = { prefix: checkPrefix(prefix), limit: checkLimit('list', limit) }
        checkCursor(cursor)
        const make = (): Promise<MemoryPage> =>
          cursor === undefined
            ? memory.list(scope, query)
            : memory.list(scope, { ...query, cursor }).catch(refuseCursor)
        return { verb: 'list', key: '', input: { ...query, cursor: cursor ?? null }, make }
      }),
    search: (text, { limit = 10 } = {}) =>
      ask((memory) => {
        const query = { text: checkSearch(text), limit: checkLimit('search', limit) }
        const search = requireSearch(use, memory)
        return { verb: 'search', key: '', input: query, make: () => search(scope, query) }
      }),
  }
}

/** Everything else was checked before, so misuse is a cursor that the adapter does not know. */
function refuseCursor(error: unknown): never {
  if (error instanceof TypeError) invalidOption('memory.list', 'cursor', 'use one that a part before gave')
  throw error
}
