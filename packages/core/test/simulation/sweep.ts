import type { Core } from './core.ts'
import { randomSchedule, runCase, type CaseResult, type Schedule } from './run-case.ts'
import type { Workflow } from './workflow.ts'

/** How much a sweep tries. */
export interface SweepSize {
  /** Seeds with which every crash point is tried. */
  readonly seeds: number
  /** Random schedules with several crashes. */
  readonly random: number
}

/** One kind of failure, with the shortest schedule that shows it. */
export interface Failure {
  readonly message: string
  count: number
  schedule: Schedule
  log: readonly string[]
}

/** What a sweep found. */
export interface SweepReport {
  readonly schedules: number
  readonly failures: readonly Failure[]
}

/** The random schedules have seeds of their own. */
const firstRandomSeed = 1_001

/** Kills the process at every point of a workflow, for every seed, and at several random ones. */
export async function sweep(
  core: Core,
  workflow: Workflow,
  size: SweepSize,
  stopAtFirst = false,
): Promise<SweepReport> {
  const failures = new Map<string, Failure>()
  const { output: expected } = await runCase(core, workflow, { seed: 1, crashAt: [] })
  let schedules = 0
  const tryOne = async (schedule: Schedule): Promise<CaseResult> => {
    schedules++
    const result = await runCase(core, workflow, schedule, { expected })
    for (const message of result.errors) note(failures, message, schedule, result.world.log)
    return result
  }
  for (let seed = 1; seed <= size.seeds; seed++) {
    const { world } = await tryOne({ seed, crashAt: [] })
    for (let point = 1; point <= world.points; point++) {
      await tryOne({ seed, crashAt: [point] })
      if (stopAtFirst && failures.size > 0) return { schedules, failures: [...failures.values()] }
    }
  }
  for (let index = 0; index < size.random; index++) {
    await tryOne(randomSchedule(firstRandomSeed + index))
    if (stopAtFirst && failures.size > 0) break
  }
  return { schedules, failures: [...failures.values()] }
}

function note(failures: Map<string, Failure>, message: string, schedule: Schedule, log: readonly string[]): void {
  const kind = message.replaceAll(/\d+/g, 'N')
  const known = failures.get(kind)
  if (known === undefined) failures.set(kind, { message, count: 1, schedule, log })
  else {
    known.count++
    if (log.length < known.log.length) Object.assign(known, { schedule, log })
  }
}
