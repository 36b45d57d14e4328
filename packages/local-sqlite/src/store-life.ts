import { PortError, storeErrorCodes } from '@belay/core/ports'

/** Whether a store is open, and what is under way in it. */
export interface StoreLife {
  /** Throws `store/closed` once the end began. */
  requireOpen(): void
  /** Runs a call that the end waits for. Rejects with `store/closed` once the end began. */
  track<T>(call: () => Promise<T>): Promise<T>
  /** Lets no new call in and resolves when those under way have settled. */
  end(): Promise<void>
}

/** A life that has just begun. */
export function storeLife(): StoreLife {
  const underWay = new Set<Promise<unknown>>()
  let hasEnded = false
  const requireOpen = (): void => {
    if (!hasEnded) return
    throw new PortError({ code: storeErrorCodes.closed, message: 'The store was closed' })
  }
  return {
    requireOpen,
    track: async (call) => {
      requireOpen()
      const running = call()
      underWay.add(running)
      try {
        return await running
      } finally {
        underWay.delete(running)
      }
    },
    end: async () => {
      hasEnded = true
      await Promise.allSettled([...underWay])
    },
  }
}
