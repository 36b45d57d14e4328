import { getEventListeners, setMaxListeners } from 'node:events'
import { readdirSync } from 'node:fs'
import { FilesMix } from './files-mix.ts'
import { McpMix } from './mcp-mix.ts'
import { RunMix, type Mix } from './run-mix.ts'

/** What the process found, as its parent reads it. */
export interface LeakReport {
  readonly runs: number
  readonly ways: Readonly<Record<string, number>>
  /** Runs so far and bytes of heap after a collection, from the end of the warm-up on. */
  readonly heap: readonly (readonly [runs: number, bytes: number])[]
  /** Timers that were left by runs. */
  readonly timers: number
  /** Listeners on a signal that was given to many runs. */
  readonly listeners: number
  /** Descriptors that were opened and not closed. */
  readonly descriptors: number
  /** What else keeps the process alive. */
  readonly resources: readonly string[]
}

/** Runs before the first look: until then caches fill, and code is compiled and its feedback grows. */
const warmUp = 1_500

/** Far more than anything passing takes. */
const mostLooks = 500

/** Collections between which the slope is taken. */
const samples = 16

/** What is run, by the word that asks for it. */
const mixes: Readonly<Record<string, (root: string, signal: AbortSignal) => Mix>> = {
  runs: (_, signal) => new RunMix(signal),
  files: (root, signal) => new FilesMix(root, signal),
  mcp: (root) => new McpMix(root),
}

async function main(what: string, runs: number, root: string): Promise<void> {
  const gc = (globalThis as { gc?: () => void }).gc
  if (gc === undefined) throw new Error('Run this with --expose-gc.')
  const caller = new AbortController()
  setMaxListeners(0, caller.signal)
  const mix = mixes[what]?.(root, caller.signal)
  if (mix === undefined) throw new Error(`There are no runs ${what}.`)
  const heap: [number, number][] = []
  await runLanes(mix, warmUp)
  await quiet(gc)
  // What is open now belongs to sessions and not to runs.
  const open = held()
  for (let sample = 0; sample < samples; sample++) {
    await runLanes(mix, Math.ceil(runs / samples))
    await quiet(gc)
    heap.push([mix.runs, process.memoryUsage().heapUsed])
  }
  const left = await more(open)
  const report: LeakReport = {
    runs: mix.runs,
    ways: mix.ways,
    heap,
    ...left,
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
    Array.from({ length: mix.lanes }, async (_, lane) => {
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

/** What the process holds beside memory. */
interface Held {
  readonly timers: number
  readonly descriptors: number
}

const held = (): Held => ({ timers: timers(), descriptors: descriptors() })

/** How much more it holds than before, once what is only passing is gone. */
async function more(before: Held): Promise<Held> {
  for (let look = 1; ; look++) {
    const now = held()
    const left = {
      timers: Math.max(0, now.timers - before.timers),
      descriptors: Math.max(0, now.descriptors - before.descriptors),
    }
    if (left.timers + left.descriptors === 0 || look === mostLooks) return left
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

/** Where the system says it. */
function descriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
}

const [what = '', runs, root = ''] = process.argv.slice(2)
await main(what, Number(runs), root)
