import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineHarness, defineWorkflow } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { alternate, wallOf } from './measure.ts'
import type { Report } from './report.ts'

/** 200 bytes of JSON. */
const payload = { text: 'x'.repeat(189) }

/** Recorded steps of the short and of the long run. */
const short = 1_000
const long = 10_000
/** Until both subjects run compiled code. */
const warmUpRounds = 6

/** From an open database with recorded steps to the first new step, beside reading and parsing all rows. */
export async function benchResume(report: Report, rounds: number): Promise<void> {
  const shortRun = await measure(short, rounds)
  const longRun = await measure(long, rounds)
  report.add({
    what: `resume of a run with ${long.toLocaleString('en')} recorded steps, until its next step`,
    values: { 'belay, ms': longRun.belay, 'reading and parsing all rows, ms': longRun.floor },
    ratio: longRun.belay / longRun.floor,
    ratioOf: 'time to the next step / time to read and parse all rows',
    bar: { atMost: 10 },
  })
  report.add({
    what: `resume grows no faster than the history: ${short.toLocaleString('en')} to ${long.toLocaleString('en')} recorded steps`,
    values: { 'belay short, ms': shortRun.belay, 'belay long, ms': longRun.belay },
    ratio: longRun.belay / shortRun.belay / (long / short),
    ratioOf: 'time per recorded step of the long run / of the short run',
    bar: { atMost: 1.5 },
  })
}

async function measure(
  count: number,
  rounds: number,
): Promise<{ readonly belay: number; readonly floor: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-'))
  const file = join(folder, 'belay.db')
  const rawFile = join(folder, 'raw.db')
  try {
    await record(file, count)
    recordRaw(rawFile, count)
    const medians = await alternate(
      [
        { name: 'belay', round: () => resume(file, count) },
        { name: 'floor', round: () => readRaw(rawFile) },
      ],
      rounds,
      warmUpRounds,
    )
    return { belay: medians.get('belay') ?? 0, floor: medians.get('floor') ?? 0 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A workflow that records many steps and then waits; each signal lets it do one more. */
function build(file: string, onNext: () => void) {
  const workflow = defineWorkflow({
    name: 'long',
    input: z.object({ count: z.number() }),
    output: z.null(),
    run: async (ctx, { count }) => {
      for (let index = 0; index < count; index++) await ctx.step('work', () => payload)
      for (;;) {
        await ctx.step('next', onNext)
        await ctx.wait('more')
      }
    },
  })
  return defineHarness({
    name: 'bench',
    models: {},
    workflows: { long: workflow },
    store: sqliteStore({ file }),
  })
}

async function record(file: string, count: number): Promise<void> {
  const harness = build(file, () => undefined)
  const session = await harness.getSession('bench')
  const handle = await session.workflows.long.start({ count }, { durable: { runId: 'long' }, timeoutMs: 0 })
  for await (const event of handle.events()) if (event.type === 'run.suspended') break
  await harness.shutdown()
}

async function resume(file: string, count: number): Promise<number> {
  const next = Promise.withResolvers<void>()
  const harness = build(file, next.resolve)
  await harness.runs.signal('long', 'more', null)
  const session = await harness.getSession('bench')
  const wall = await wallOf(async () => {
    await session.workflows.long.start({ count }, { durable: { runId: 'long' }, timeoutMs: 0 })
    await next.promise
  })
  for await (const event of harness.runs.events('long', { after: count }))
    if (event.type === 'run.suspended') break
  await harness.shutdown()
  return wall
}

function recordRaw(file: string, count: number): void {
  const raw = new Database(file)
  raw.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT')
  const insert = raw.prepare('INSERT INTO rows (value) VALUES (?)')
  raw.transaction(() => {
    for (let row = 0; row < count; row++) insert.run(JSON.stringify(payload))
  })()
  raw.close()
}

async function readRaw(file: string): Promise<number> {
  const raw = new Database(file)
  const wall = await wallOf(() => {
    for (const { value } of raw.prepare('SELECT value FROM rows ORDER BY id').all() as { value: string }[])
      JSON.parse(value)
  })
  raw.close()
  return wall
}
