import { getEventListeners, setMaxListeners } from 'node:events'
import { readdirSync } from 'node:fs'
import { FilesMix } from './files-mix.ts'
import { RunMix, type Mix } from './run-mix.ts'

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
  /** Descriptors that were opened and not closed. */
  readonly descriptors: number
  /** What else keeps the process alive. */
  readonly resources: readonly string[]
}

/** Sessions that are used at once; the runs of each come one after the other. */
const lanes = 20

/** Runs before the first look: until then caches fill, and code is compiled and its feedback grows. */
const warmUp = 1_500

/** Collections between which the slope is taken. */
const samples = 16

/** @param root where the files of the runs are; without it they have none */
async function main(runs: number, root: string | undefined): Promise<void> {
  const gc = (globalThis as { gc?: () => void }).gc
  if (gc === undefined) throw new Error('Run this with --expose-gc.')
  const before = timers()
  const caller = new AbortController()
  setMaxListeners(0, caller.signal)
  const mix = root === undefined ? new RunMix(caller.signal) : new FilesMix(root, caller.signal)
  const heap: [number, number][] = []
  await runLanes(mix, warmUp)
  await quiet(gc)
  const open = descriptors()
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
    descriptors: descriptors() - open,
    listeners: getEventListeners(caller.signal, 'abort').length,
    resources: process
      .getActiveResourcesInfo()
      .filter((name) => name !== 'Timeout' && !/Pipe|TTY|FS/.test(name)),
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
  // Ends by itself from here on, or something is left.
  await mix.close()
}

async function runLanes(mix: Mix, runs: number): Promise<void> {
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

/** Where the system says it. */
function descriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
}

await main(Number(process.argv[2]), process.argv[3])
