import { getEventListeners, setMaxListeners } from 'node:events'
import { RunMix } from './run-mix.ts'

/** What the process found, as its parent reads it. */
export interface LeakReport {
  readonly runs: number
  readonly ways: Readonly<Record<string, number>>
  /** Runs so far and bytes of heap after a collection, from the end of the warm-up on. */
  readonly heap: readonly (readonly [runs: number, bytes: number])[]
  /** Timers that are left once every run has ended. */
  readonly timers: number
  /** Listeners on a signal that was given to many runs. */
  readonly listeners: number
  /** What else keeps the process alive. */
  readonly resources: readonly string[]
}

/** Sessions that are used at once; the runs of each come one after the other. */
const lanes = 20

/** Runs before the first look: until then caches fill, and code is compiled and its feedback grows. */
const warmUp = 1_500

/** Collections between which the slope is taken. */
const samples = 16

async function main(runs: number): Promise<void> {
  const gc = (globalThis as { gc?: () => void }).gc
  if (gc === undefined) throw new Error('Run this with --expose-gc.')
  const before = timers()
  const caller = new AbortController()
  setMaxListeners(0, caller.signal)
  const mix = new RunMix(caller.signal)
  const heap: [number, number][] = []
  await runLanes(mix, warmUp)
  for (let sample = 0; sample < samples; sample++) {
    await runLanes(mix, Math.ceil(runs / samples))
    await quiet(gc)
    heap.push([mix.runs, process.memoryUsage().heapUsed])
  }
  const report: LeakReport = {
    runs: mix.runs,
    ways: mix.ways,
    heap,
    timers: timers() - before,
    listeners: getEventListeners(caller.signal, 'abort').length,
    resources: process
      .getActiveResourcesInfo()
      .filter((name) => name !== 'Timeout' && !/Pipe|TTY|FS/.test(name)),
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
  // Ends by itself from here on, or something is left.
  await mix.close()
}

async function runLanes(mix: RunMix, runs: number): Promise<void> {
  const until = mix.runs + runs
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      while (mix.runs < until) await mix.next(lane)
    }),
  )
}

/** Several turns, because what is collected may let go of more. */
async function quiet(gc: () => void): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

await main(Number(process.argv[2]))
