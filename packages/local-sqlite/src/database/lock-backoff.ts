import { setTimeout as pause } from 'node:timers/promises'

/**
 * The driver waits synchronously, and no timer, renewal or request runs meanwhile. So it waits for this
 * long only, which outlasts a commit of another process, and the rest of the waiting is asynchronous.
 */
export const driverTimeoutMs = 20

const longestPauseMs = 50

/** Waits before attempt `attempt + 1`: short at first, then up to 50 ms, spread so that waiters do not meet. */
export async function pauseForLock(attempt: number): Promise<void> {
  const pauseMs = Math.min(2 ** attempt, longestPauseMs)
  await pause(pauseMs / 2 + (Math.random() * pauseMs) / 2)
}
