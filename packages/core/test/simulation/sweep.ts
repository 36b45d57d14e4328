import type { Core } from './core.ts'
import { randomSchedule, runCase, type CaseResult, type Schedule } from './run-case.ts'
import type { Workflow } from './workflow.ts'
import type { World } from './world.ts'

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

/** What a sweep went through, so that one that tries little is seen. */
export interface SweepTotals {
  schedules: number
  crashes: number
  /** How often another process took a run over while its holder went on. */
  takeovers: number
  suspensions: number
  resumes: number
}

/** What a sweep found. */
export interface SweepReport {
  readonly totals: Readonly<SweepTotals>
  readonly failures: readonly Failure[]
}

/** The random schedules have seeds of their own. */
export const firstRandomSeed = 1_001

/** A count of nothing. */
export const noTotals = (): SweepTotals => ({
  schedules: 0,
  crashes: 0,
  takeovers: 0,
  suspensions: 0,
  resumes: 0,
})

/** Kills the process at every point of a workflow, for every seed, and at several random ones. */
export async function sweep(
  core: Core,
  workflow: Workflow,
  size: SweepSize,
  stopAtFirst = false,
): Promise<SweepReport> {
  const failures = new Map<string, Failure>()
  const { output: expected, world: base } = await runCase(core, workflow, { seed: 1, crashAt: [] })
  const totals = noTotals()
  const tryOne = async (schedule: Schedule): Promise<CaseResult> => {
    const result = await runCase(core, workflow, schedule, { expected })
    count(totals, result.world)
    for (const message of result.errors) note(failures, message, schedule, result.world.log)
    return result
  }
  for (let seed = 1; seed <= size.seeds; seed++) {
    const kind = { seed, earlySignals: seed % 2 === 0, local: seed % 4 === 3 }
    const { world } = await tryOne({ ...kind, crashAt: [] })
    for (let point = 1; point <= world.points; point++) {
      await tryOne({ ...kind, crashAt: [point] })
      if (stopAtFirst && failures.size > 0) return { totals, failures: [...failures.values()] }
    }
  }
  for (let index = 0; index < size.random; index++) {
    await tryOne(randomSchedule(firstRandomSeed + index, base.points))
    if (stopAtFirst && failures.size > 0) break
  }
  return { totals, failures: [...failures.values()] }
}

function count(totals: SweepTotals, { crashes, takeovers, entries }: World): void {
  totals.schedules++
  totals.crashes += crashes
  totals.takeovers += takeovers
  totals.suspensions += entries.filter(({ type }) => type === 'run.suspended').length
  totals.resumes += entries.filter(({ type }) => type === 'run.resumed').length
}

function note(
  failures: Map<string, Failure>,
  message: string,
  schedule: Schedule,
  log: readonly string[],
): void {
  const kind = message.replaceAll(/\d+/g, 'N')
  const known = failures.get(kind)
  if (known === undefined) failures.set(kind, { message, count: 1, schedule, log })
  else {
    known.count++
    if (log.length < known.log.length) Object.assign(known, { schedule, log })
  }
}
