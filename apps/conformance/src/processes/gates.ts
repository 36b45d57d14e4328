/** Lets bodies of one process wait until the parent says go. */
export interface Gates {
  /** Resolves at the next `open`, or rejects with the signal's reason. */
  opened(signal: AbortSignal): Promise<void>
  open(): void
}

export function createGates(): Gates {
  const waiting = new Set<() => void>()
  return {
    opened: (signal) =>
      new Promise((resolve, reject) => {
        const pass = (): void => {
          signal.removeEventListener('abort', fail)
          waiting.delete(pass)
          resolve()
        }
        const fail = (): void => {
          waiting.delete(pass)
          reject(signal.reason as Error)
        }
        waiting.add(pass)
        signal.addEventListener('abort', fail, { once: true })
      }),
    open: () => {
      for (const pass of [...waiting]) pass()
    },
  }
}
