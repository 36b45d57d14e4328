import { monotonicFactory } from 'ulid'
import type { Platform } from '../ports/index.ts'
import { coreVersion } from '../version.ts'
import { macrotasks } from './macrotasks.ts'
import { ownerLiveness, ownerOfThisProcess } from './owner.ts'
import { timerLists } from './timer-lists.ts'

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
    timer: timerLists(),
    macrotask: macrotasks(),
    random: () => Math.random(),
    id: () => nextId(),
    owner: () => (owner ??= ownerOfThisProcess(nextId())),
    liveness: ownerLiveness,
  }
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
