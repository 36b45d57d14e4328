import { portSpecs } from '@belay/core/ports'
import type { Platform } from '@belay/core/ports'
import { testingVersion } from '../version.ts'
import { manualTimers } from './manual-timers.ts'
import { seededRandom } from './seeded-random.ts'

/** Options of `manualPlatform`. */
export interface ManualPlatformOptions {
  /** Milliseconds since the epoch. Default: 14 November 2023, 22:13:20 UTC. */
  readonly start?: number
  /** Seeds `random` and `id`. Default 1. */
  readonly seed?: number
  /** Default `process-1`. */
  readonly owner?: string
}

/** A platform whose time stands still until it is moved. */
export interface ManualPlatform extends Platform {
  readonly seed: number
  /** Moves time on and fires what comes due on the way, letting everything settle after each timer. */
  advance(ms: number): Promise<void>
  /** Resolves when no macrotask is waiting, without moving time. */
  runUntilIdle(): Promise<void>
  /**
   * Moves time from timer to timer until `promise` settles. Fails when nothing is left that could settle it,
   * or when it has not settled `limitMs` (default: two days) of manual time later.
   */
  runUntil<T>(promise: Promise<T>, limitMs?: number): Promise<T>
  /** How many timers wait: zero after a run that cleans up. */
  timers(): number
}

/** Turns of the event loop without a new macrotask that count as idle: one for each phase that may answer. */
const idleTurns = 3
/** Answers from outside the process (files, sockets) take a while; with nothing to fire, this long is given. */
const outsideCeilingMs = 30_000

const defaultLimitMs = 172_800_000

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function base32(value: number, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32))
    text = `${crockford[rest % 32]}${text}`
  return text
}

/** Time that is moved by hand, seeded randomness, ids that repeat for a seed. */
export function manualPlatform(options: ManualPlatformOptions = {}): ManualPlatform {
  const { start = 1_700_000_000_000, seed = 1, owner = 'process-1' } = options
  const random = seededRandom(seed)
  const timers = manualTimers()
  let elapsed = 0
  let macrotasks = 0
  let ids = 0

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const runUntilIdle = async (): Promise<void> => {
    for (let quiet = 0; quiet < idleTurns; quiet = macrotasks === 0 ? quiet + 1 : 0) await turn()
  }
  const fireDue = async (until: number): Promise<void> => {
    for (let due = timers.nextDueAt(); due !== undefined && due <= until; due = timers.nextDueAt()) {
      elapsed = Math.max(elapsed, due)
      timers.fireNext()
      await runUntilIdle()
    }
  }

  return {
    info: {
      id: 'manual',
      packageName: '@belay/testing',
      version: testingVersion,
      specs: { platform: portSpecs.platform },
      capabilities: [],
    },
    seed,
    now: () => start + elapsed,
    monotonic: () => elapsed,
    timer: (delayMs, fire) => timers.set(elapsed + Math.max(0, delayMs), fire),
    macrotask: (run) => {
      macrotasks += 1
      setImmediate(() => {
        macrotasks -= 1
        run()
      })
    },
    random,
    id: () => {
      ids += 1
      return `${base32(start + elapsed, 10)}${base32(seed, 6)}${base32(ids, 10)}`
    },
    owner: () => owner,
    liveness: (other) => (other === owner ? 'alive' : 'unknown'),
    advance: async (ms) => {
      const until = elapsed + ms
      await runUntilIdle()
      await fireDue(until)
      elapsed = until
    },
    runUntilIdle,
    runUntil: async (promise, limitMs = defaultLimitMs) => {
      const end = elapsed + limitMs
      let isSettled = false
      const settled = promise.finally(() => {
        isSettled = true
      })
      settled.catch(() => {})
      let quietSince = performance.now()
      while (!isSettled) {
        await runUntilIdle()
        if (isSettled) break
        const due = timers.nextDueAt()
        if (due !== undefined && due > end)
          throw new Error(`The promise did not settle within ${limitMs} ms of manual time`)
        if (due !== undefined) {
          await fireDue(due)
          quietSince = performance.now()
        } else if (performance.now() - quietSince > outsideCeilingMs) {
          throw new Error('Nothing is left that could settle the promise: no timer and no macrotask waits')
        }
      }
      return settled
    },
    timers: () => timers.count(),
  }
}
