import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

/** A liveness ceiling, not an expectation: what does not happen within it does not happen. */
const ceilingMs = 5_000
const pollMs = 2

/** Polls until `holds` is true and fails, naming what it waited for, when that takes too long. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + ceilingMs
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(`Waited ${ceilingMs} ms for ${what}`)
    await pause(pollMs)
  }
}

/** Fails, naming what it waited for, instead of waiting for ever on a promise. */
export async function settles<T>(what: string, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settle = (): void => {
    isSettled = true
  }
  promise.then(settle, settle)
  await until(what, () => isSettled)
  return promise
}

/** Another turn of the event loop: a loop that watches a store in memory would let nobody else run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
