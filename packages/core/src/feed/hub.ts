/**
 * Wakes readers of a stream in this process after a commit. It carries no data: a reader reads the journal
 * from its own position, so a missed or doubled wake-up costs time, never an entry. The position of what was
 * committed tells a reader how far to go before it gives what happened since.
 */
export interface Hub {
  wake(stream: string, position?: number): void
  /** Returns the function that ends the subscription. */
  subscribe(stream: string, onWake: (position?: number) => void): () => void
}

/** Makes the hub of one harness. */
export function createHub(): Hub {
  const readers = new Map<string, Set<(position?: number) => void>>()
  return {
    wake(stream, position) {
      const set = readers.get(stream)
      if (set === undefined) return
      // A reader may leave, or another one come, while they are woken.
      for (const onWake of [...set]) onWake(position)
    },
    subscribe(stream, onWake) {
      let set = readers.get(stream)
      if (set === undefined) readers.set(stream, (set = new Set()))
      set.add(onWake)
      return () => {
        set.delete(onWake)
        if (set.size === 0 && readers.get(stream) === set) readers.delete(stream)
      }
    },
  }
}
