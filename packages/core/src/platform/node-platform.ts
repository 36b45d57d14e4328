import { monotonicFactory } from 'ulid'
import type { Platform, Timer, TimerOptions } from '../ports/index.ts'
import { coreVersion } from '../version.ts'
import { macrotasks } from './macrotasks.ts'
import { ownerLiveness, ownerOfThisProcess } from './owner.ts'

/** setTimeout fires at once for a longer delay, so longer ones are cut into pieces. */
const longestTimeout = 2_147_483_647

/** The real clock, timers, randomness and process identity of Node. */
export function nodePlatform(): Platform {
  const nextId = monotonicFactory(pooledRandom())
  let owner: string | undefined
  return {
    info: {
      id: 'node',
      packageName: '@belay/core',
      version: coreVersion,
      specs: { platform: 'platform/1' },
      capabilities: [],
    },
    now: () => Date.now(),
    monotonic: () => performance.now(),
    timer: anyTimer,
    macrotask: macrotasks(),
    random: () => Math.random(),
    id: () => flat(nextId()),
    owner: () => (owner ??= ownerOfThisProcess(nextId())),
    liveness: ownerLiveness,
  }
}

/**
 * The same text in one piece. An id that was put together from characters is kept as a tree of them, ten times its
 * size, and ids are kept for long; reading a character joins it.
 */
function flat(id: string): string {
  id.charCodeAt(0)
  return id
}

/** Secure randomness in [0, 1), drawn in blocks: an id takes 16 draws, and a system call for each would be most of its cost. */
function pooledRandom(): () => number {
  const pool = new Uint32Array(256)
  let next = pool.length
  return () => {
    if (next === pool.length) {
      crypto.getRandomValues(pool)
      next = 0
    }
    return (pool[next++] ?? 0) / 4_294_967_296
  }
}

function anyTimer(delayMs: number, fire: () => void, options?: TimerOptions): Timer {
  if (delayMs > longestTimeout) return longTimer(delayMs, fire, options)
  const handle = setTimeout(fire, Math.max(0, delayMs))
  if (options?.keepAlive === false) handle.unref()
  return { cancel: () => clearTimeout(handle) }
}

function longTimer(delayMs: number, fire: () => void, options?: TimerOptions): Timer {
  let handle: NodeJS.Timeout
  const arm = (left: number): void => {
    const piece = Math.min(left, longestTimeout)
    handle = setTimeout(() => (left > piece ? arm(left - piece) : fire()), piece)
    if (options?.keepAlive === false) handle.unref()
  }
  arm(delayMs)
  return { cancel: () => clearTimeout(handle) }
}
