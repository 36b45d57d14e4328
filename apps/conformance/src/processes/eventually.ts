import { setTimeout as pause } from 'node:timers/promises'

/** Far above what anything here takes: a test that comes here hangs. */
const ceilingMs = 60_000
const lookMs = 10

/** Looks until `look` gives something other than `undefined`. For what other processes do without saying so. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const start = performance.now()
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() - start > ceilingMs) throw new Error(`It did not happen: ${what}`)
    await pause(lookMs)
  }
}
