import type { JsonObject } from '@belay/core/ports'
import { abortable } from './abortable.ts'
import type { CredentialStore } from './credential-store.ts'

/** For tests, and for processes that authorise anew each time they start. */
export function inMemoryCredentials(): CredentialStore {
  const values = new Map<string, string>()
  const tails = new Map<string, Promise<void>>()
  return {
    get: async (key) => {
      const text = values.get(key)
      return text === undefined ? undefined : (JSON.parse(text) as JsonObject)
    },
    set: async (key, value) => void values.set(key, JSON.stringify(value)),
    delete: async (key) => void values.delete(key),
    withLock: async (key, work, options) => {
      const before = tails.get(key) ?? Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      // Whoever comes next waits for those before, also when this one gives up.
      const tail = before.then(() => promise)
      tails.set(key, tail)
      try {
        await abortable(before, options?.signal)
        return await work()
      } finally {
        resolve()
        if (tails.get(key) === tail) tails.delete(key)
      }
    },
  }
}
