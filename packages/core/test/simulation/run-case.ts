import type { Core } from './core.ts'
import { randomFrom, Simulation } from './simulation.ts'
import { timing } from './timing.ts'
import type { SignalSpec, Workflow } from './workflow.ts'
import { World, type WorldInit } from './world.ts'

/** One schedule: everything that makes it happen again. */
export interface Schedule {
  readonly seed: number
  readonly crashAt: readonly number[]
  /** Signals may come before they are needed. */
  readonly earlySignals?: boolean
  /** The store says that one process alone uses it, so nobody polls. */
  readonly local?: boolean
  /** When another process takes the run over, and how long its holder stands still (absent: not at all). */
  readonly stealAt?: number
  readonly pauseMs?: number
}

/** What became of a schedule. */
export interface CaseResult {
  readonly errors: readonly string[]
  readonly output: string | undefined
  readonly world: World
}

/** More events than any schedule of these workflows needs. */
const maxEvents = 60_000

let unhandled = 0
process.on('unhandledRejection', () => unhandled++)

/** Runs one schedule of a workflow and says everything that is wrong with what it did. */
export async function runCase(
  core: Core,
  workflow: Workflow,
  schedule: Schedule,
  options: { readonly expected?: string | undefined; readonly programOf?: WorldInit['programOf'] } = {},
): Promise<CaseResult> {
  const sim = new Simulation(schedule.seed)
  const { crashAt, local = false, stealAt, pauseMs } = schedule
  const world = new World(sim, {
    core,
    workflow,
    crashAt,
    local,
    ...(options.programOf && { programOf: options.programOf }),
  })
  const errors: string[] = []
  const unhandledBefore = unhandled
  world.boot()
  const late = sendEarly(world, schedule)
  if (workflow.cancelWithin !== undefined) {
    const random = randomFrom(schedule.seed * 31)
    sim.at(random() * workflow.cancelWithin, () => world.send({ type: 'cancel' }))
  }
  const { extendBy } = workflow
  if (extendBy !== undefined && schedule.earlySignals === true)
    sim.at(sim.random() * 200, () => world.send({ type: 'extend', more: extendBy }))
  if (stealAt !== undefined) sim.at(stealAt, () => world.steal(pauseMs))
  let bounded = await sim.drain(maxEvents)
  if (world.state === 'running' && world.diverged === undefined)
    errors.push('it stands still and holds its lease')
  for (const signal of late) {
    if (workflow.needs !== undefined && !world.effects.some(({ key }) => key === workflow.needs)) {
      errors.push(`${workflow.needs} did not happen before the signal: suspended for ever`)
      continue
    }
    sendSignal(world, signal)
    if (sim.random() < 0.5) bounded &&= await sim.drain(maxEvents)
  }
  bounded &&= await sim.drain(maxEvents)
  for (let times = 0; times < 40 && isOutOfBudget(world) && workflow.extendBy !== undefined; times++) {
    world.send({ type: 'extend', more: workflow.extendBy })
    bounded &&= await sim.drain(maxEvents)
  }
  if (!bounded) errors.push('it never ends')
  if (unhandled > unhandledBefore) errors.push('an unhandled rejection would end the process')
  errors.push(...judge(world, options.expected))
  const output = await outputOf(world)
  return { errors: [...errors, ...new Set(world.bad)], output, world }
}

const isOutOfBudget = ({ head }: World): boolean =>
  head?.state === 'suspended' &&
  (head.data as { suspendReason?: string }).suspendReason === 'budget/exhausted'

function sendEarly(world: World, schedule: Schedule): SignalSpec[] {
  const { sim, workflow } = world
  const late: SignalSpec[] = []
  for (const signal of workflow.signals ?? []) {
    const early = workflow.sendWithin !== undefined || (schedule.earlySignals === true && sim.random() < 0.5)
    if (early) sim.at(sim.random() * (workflow.sendWithin ?? 200), () => sendSignal(world, signal))
    else late.push(signal)
  }
  return late
}

function sendSignal(world: World, signal: SignalSpec): void {
  const spec = typeof signal === 'string' ? { name: signal, value: `v${signal}` } : signal
  world.send({ type: 'signal', ...spec })
}

/** What must hold at the end, whatever happened. */
function judge(world: World, expected: string | undefined): string[] {
  const { workflow, state, diverged, refused } = world
  const may = workflow.may ?? []
  const errors: string[] = []
  if (diverged !== undefined) errors.push(`false run/diverged: ${diverged}`)
  if (refused !== undefined && !may.includes('failed')) errors.push(refused)
  if (diverged === undefined && refused === undefined && (state === 'running' || state === 'none'))
    errors.push(`it is ${state} and nothing happens`)
  if (diverged === undefined && state === 'suspended')
    errors.push('it is suspended although its signals came')
  if (state === 'suspended' && world.holder !== undefined) errors.push('it is suspended and holds its lease')
  const history = world.fold()
  if (history === undefined) return [...errors, 'nothing was recorded']
  const error = history.finished?.outcome === 'failed' ? history.finished.error : undefined
  if (state === 'failed' && !may.includes('failed') && refused === undefined)
    errors.push(`failed: ${error?.message ?? ''}`)
  if (state === 'cancelled' && !may.includes('cancelled')) errors.push('cancelled')
  const final = world.entries.filter(
    ({ type, data }) => type === 'run.finished' && (data as { outcome: string }).outcome !== 'failed',
  )
  if (final.length > 1 || (final.length === 1 && world.entries.at(-1) !== final[0]))
    errors.push('the final outcome is not there once, as the last entry')
  const keys = history.results.map(({ data }) => data.key)
  if (new Set(keys).size !== keys.length) errors.push('two results at a key')
  if (
    history.results.some(
      ({ type, data }) =>
        type === 'step.finished' && data.status === 'failed' && data.error.code === 'operation/cancelled',
    )
  ) {
    errors.push('an aborted step is recorded')
  }
  if (
    state !== 'suspended' &&
    world.holder !== undefined &&
    diverged === undefined &&
    refused === undefined &&
    state !== 'running'
  ) {
    errors.push('it has ended and holds its lease')
  }
  if (state === 'succeeded') {
    const output = history.finished?.outcome === 'succeeded' ? history.finished.value : undefined
    const text = JSON.stringify(output)
    if (
      workflow.check === undefined
        ? expected !== undefined && text !== expected
        : !workflow.check(output, world)
    ) {
      errors.push(`the output ${text?.slice(0, 200)} is not ${expected?.slice(0, 200) ?? 'right'}`)
    }
  }
  const found = workflow.verify?.(history, world)
  if (found !== undefined) errors.push(found)
  return errors
}

function outputOf(world: World): Promise<string | undefined> {
  const finished = world.fold()?.finished
  return Promise.resolve(finished?.outcome === 'succeeded' ? JSON.stringify(finished.value) : undefined)
}

/** A random schedule: up to four crashes, a stale holder, early signals. */
export function randomSchedule(seed: number, points: number): Schedule {
  const random = randomFrom(seed * 7919)
  const crashAt = Array.from(
    { length: 1 + Math.floor(random() * 4) },
    () => 1 + Math.floor(random() * 1.5 * points),
  )
  const earlySignals = random() < 0.7
  const stealAt = random() < 0.4 ? random() * 120 : undefined
  const pauses = random() < 0.4
  return {
    seed,
    crashAt,
    earlySignals,
    local: random() < 0.25,
    ...(stealAt !== undefined && { stealAt }),
    ...(pauses && { pauseMs: timing.leaseTtlMs + random() * 120 }),
  }
}
