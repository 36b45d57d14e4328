import { isDeepStrictEqual } from 'node:util'
import type { Json } from '@belay/core/ports'
import { manualPlatform } from '../fakes/manual-platform.ts'
import { seededRandom } from '../fakes/seeded-random.ts'
import { runAttempt } from './sweep-attempt.ts'
import type { AttemptResult, SweepHost } from './sweep-attempt.ts'
import { journalProblems, readJournal, recordedKeys } from './sweep-journal.ts'
import type { SweepJournal } from './sweep-journal.ts'
import type {
  CrashSweepOptions,
  SweepCrash,
  SweepReport,
  SweepScenario,
  SweepViolation,
} from './sweep-scenario.ts'

interface Schedule {
  readonly crashes: readonly SweepCrash[]
  readonly attempts: readonly AttemptResult[]
  readonly journal: SweepJournal
  readonly problems: readonly string[]
}

interface Undisturbed {
  readonly output: Json
  readonly journal: SweepJournal
  readonly witnessed: ReadonlySet<string>
}

/** An attempt that takes longer hangs; far above what any scenario needs. */
const ceilingDefaultMs = 30_000

/**
 * Kills a scenario at every boundary of the store, before and after each call, runs it again in a new process until
 * it ends, and checks the promise: the same output, no recorded result executed again, one final outcome as the last
 * entry, dense positions, every entry readable.
 */
export async function crashSweep(
  scenario: SweepScenario,
  options: CrashSweepOptions = {},
): Promise<SweepReport> {
  const { seed = 1, again = false, maxViolations = 10 } = options
  const random = seededRandom(seed)
  const violations: SweepViolation[] = []
  let [runs, crashes, boundaries] = [0, 0, 0]
  const run = async (planned: readonly SweepCrash[], expected?: Undisturbed): Promise<Schedule> => {
    const schedule = await runSchedule(scenario, planned, expected, options)
    runs += schedule.attempts.length
    crashes += schedule.attempts.filter((attempt) => attempt.end === 'killed').length
    violations.push(...schedule.problems.map((problem) => ({ crashes: schedule.crashes, problem })))
    return schedule
  }

  const first = await run([])
  const [attempt] = first.attempts
  if (
    attempt !== undefined &&
    typeof attempt.end === 'object' &&
    'output' in attempt.end &&
    violations.length === 0
  ) {
    const expected = {
      output: attempt.end.output,
      journal: first.journal,
      witnessed: new Set(attempt.witnessed),
    }
    for (let call = 1; call <= attempt.calls && violations.length < maxViolations; call += 1) {
      for (const side of ['before', 'after'] as const) {
        boundaries += 1
        const crash = { call, side }
        await run([crash], expected)
        if (again) await run([crash, randomCrash(random, attempt.calls)], expected)
      }
    }
  }
  const report = { name: scenario.name, seed, boundaries, runs, crashes, violations }
  options.print?.(
    `${report.name}: seed ${seed}, ${boundaries} boundaries, ${runs} runs, ${crashes} kills, ${violations.length} violations`,
  )
  return report
}

function randomCrash(random: () => number, calls: number): SweepCrash {
  return { call: 1 + Math.floor(random() * calls), side: random() < 0.5 ? 'before' : 'after' }
}

function hostOf({ platform, seed = 1 }: CrashSweepOptions): SweepHost {
  if (platform !== undefined) return { platform: platform(), dead: new Set() }
  const manual = manualPlatform({ seed })
  return { platform: manual, drive: manual.runUntil, dead: new Set() }
}

/** One place, one host, one attempt per planned crash and one more that is left in peace. */
async function runSchedule(
  scenario: SweepScenario,
  crashes: readonly SweepCrash[],
  expected: Undisturbed | undefined,
  options: CrashSweepOptions,
): Promise<Schedule> {
  const host = hostOf(options)
  const place = await scenario.place()
  const attempts: AttemptResult[] = []
  const problems: string[] = []
  // Before each attempt, and at the end.
  const journals: SweepJournal[] = []
  let journal: SweepJournal = new Map()
  try {
    for (const crash of [...crashes, undefined]) {
      const store = await place.open()
      journals.push(await readJournal(store, scenario))
      const ceilingMs = options.ceilingMs ?? ceilingDefaultMs
      const result = await runAttempt({
        scenario,
        store,
        host,
        attempt: attempts.length + 1,
        crash,
        ceilingMs,
      })
      attempts.push(result)
      await store.close()
      if (result.end !== 'killed') break
    }
    const store = await place.open()
    journal = await readJournal(store, scenario)
    problems.push(
      ...repeatProblems(attempts, [...journals, journal], scenario),
      ...endProblems(attempts, expected),
      ...journalProblems(journal, expected?.journal ?? journal, scenario),
    )
    const end = attempts.at(-1)?.end
    if (problems.length === 0 && typeof end === 'object' && 'output' in end) {
      await scenario.check?.({
        store,
        output: end.output,
        witnessed: attempts.map((attempt) => attempt.witnessed),
      })
    }
    await store.close()
  } catch (error) {
    problems.push(describe(error))
  } finally {
    await place.close()
  }
  return { crashes, attempts, journal, problems }
}

/** Effects that ran although their result was there before the attempt and was not voided by it. */
function repeatProblems(
  attempts: readonly AttemptResult[],
  journals: readonly SweepJournal[],
  scenario: SweepScenario,
): readonly string[] {
  return attempts.flatMap(({ witnessed }, index) => {
    const recorded = recordedKeys(journals[index] ?? new Map(), scenario, journals[index + 1])
    return [...new Set(witnessed)]
      .filter((key) => recorded.has(key))
      .map((key) => `${key} ran again in attempt ${index + 1} although its result was recorded`)
  })
}

function endProblems(
  attempts: readonly AttemptResult[],
  expected: Undisturbed | undefined,
): readonly string[] {
  const end = attempts.at(-1)?.end
  if (end === undefined || end === 'killed') return ['the last attempt was killed']
  if ('error' in end) return [`attempt ${attempts.length} failed: ${describe(end.error)}`]
  if (expected === undefined) return []
  const problems: string[] = []
  if (!isDeepStrictEqual(end.output, expected.output)) {
    problems.push(`the output is ${JSON.stringify(end.output)} instead of ${JSON.stringify(expected.output)}`)
  }
  const witnessed = new Set(attempts.flatMap((attempt) => attempt.witnessed))
  for (const key of expected.witnessed) if (!witnessed.has(key)) problems.push(`${key} never ran`)
  return problems
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? `${code}: ${error.message}` : error.message
}
