import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineHarness, defineWorkflow, type Session } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { alternate, wallOf, type Subject } from './measure.ts'
import type { Report } from './report.ts'

const stepsPerRun = 400
const parallelRuns = 50
const stepsPerParallelRun = 40
/** What a service costs that runs for a while. */
const warmUpRounds = 20

/** 200 bytes of JSON: the value of every step, and the row of the floor. */
const payload = { text: 'x'.repeat(189) }

const steps = defineWorkflow({
  name: 'steps',
  input: z.object({ count: z.number() }),
  output: z.object({ done: z.number() }),
  run: async (ctx, { count }) => {
    for (let index = 0; index < count; index++) await ctx.step('work', () => payload)
    return { done: count }
  },
})

/** Recorded steps per second with full durability, one run and many at once, beside raw better-sqlite3. */
export async function benchDurableSteps(report: Report, rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-'))
  const harness = defineHarness({
    name: 'bench',
    models: {},
    workflows: { steps },
    store: sqliteStore({ file: join(folder, 'belay.db') }),
  })
  const raw = openRaw(join(folder, 'raw.db'))
  try {
    let sessions = 0
    const open = async (): Promise<Session<Record<never, never>, { steps: typeof steps }>> =>
      harness.getSession(`session-${sessions++}`)
    const medians = await alternate([floor(raw), oneRun(open), manyRuns(open)], rounds, warmUpRounds)
    addFigures(report, medians)
  } finally {
    raw.close()
    await harness.shutdown()
    rmSync(folder, { recursive: true, force: true })
  }
}

function addFigures(report: Report, medians: ReadonlyMap<string, number>): void {
  const perSecond = (name: string): number => 1_000 / (medians.get(name) ?? 0)
  const base = { 'raw better-sqlite3, commits per second': perSecond('floor') }
  report.add({
    what: 'durable steps, one run, synchronous=FULL',
    values: { 'belay, steps per second': perSecond('one'), ...base },
    ratio: perSecond('one') / perSecond('floor'),
    ratioOf: 'recorded steps per second / raw inserts and commits per second',
    bar: { atLeast: 0.7 },
  })
  report.add({
    what: `durable steps, ${parallelRuns} runs at once, synchronous=FULL`,
    values: { 'belay, steps per second': perSecond('many'), ...base },
    ratio: perSecond('many') / perSecond('floor'),
    ratioOf: 'recorded steps per second / raw inserts and commits per second',
    bar: { atLeast: 3 },
  })
}

type Open = () => Promise<Session<Record<never, never>, { steps: typeof steps }>>

function oneRun(open: Open): Subject {
  return {
    name: 'one',
    round: async () => {
      const session = await open()
      const wall = await wallOf(async () => void (await session.workflows.steps.run({ count: stepsPerRun })))
      return wall / stepsPerRun
    },
  }
}

function manyRuns(open: Open): Subject {
  return {
    name: 'many',
    round: async () => {
      const sessions = await Promise.all(Array.from({ length: parallelRuns }, open))
      const wall = await wallOf(async () => {
        await Promise.all(
          sessions.map((session) => session.workflows.steps.run({ count: stepsPerParallelRun })),
        )
      })
      return wall / (parallelRuns * stepsPerParallelRun)
    },
  }
}

function openRaw(file: string): Database.Database {
  const raw = new Database(file)
  raw.pragma('journal_mode = WAL')
  raw.pragma('synchronous = FULL')
  raw.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT')
  return raw
}

/** One insert and one commit for each row: what durability costs with nothing around it. */
function floor(raw: Database.Database): Subject {
  const insert = raw.prepare('INSERT INTO rows (value) VALUES (?)')
  const value = JSON.stringify(payload)
  return {
    name: 'floor',
    round: async () => {
      const wall = await wallOf(() => {
        for (let row = 0; row < stepsPerRun; row++) insert.run(value)
      })
      return wall / stepsPerRun
    },
  }
}
