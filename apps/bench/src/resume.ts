import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineHarness, defineWorkflow } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { median, wallOf } from './measure.ts'
import type { Report } from './report.ts'

/** 200 bytes of JSON. */
const payload = { text: 'x'.repeat(189) }

/** From an open database with recorded steps to the first new step, beside reading and parsing all rows. */
export async function benchResume(report: Report, rounds: number): Promise<void> {
  for (const count of [1_000, 10_000]) {
    const folder = mkdtempSync(join(tmpdir(), 'belay-bench-'))
    try {
      const belay: number[] = []
      const floor: number[] = []
      await record(join(folder, 'belay.db'), count)
      recordRaw(join(folder, 'raw.db'), count)
      for (let round = 0; round < rounds; round++) {
        belay.push(await resume(join(folder, 'belay.db'), count))
        floor.push(await readRaw(join(folder, 'raw.db')))
      }
      report.add({
        what: `resume of a run with ${count.toLocaleString('en')} recorded steps, until its next step`,
        values: { 'belay, ms': median(belay), 'reading and parsing all rows, ms': median(floor) },
        ratio: median(belay) / median(floor),
        ratioOf: 'time to the next step / time to read and parse all rows',
        bar: { atMost: 10 },
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** A workflow that records many steps and then waits; each signal lets it do one more. */
function build(file: string, onNext: () => void) {
  const long = defineWorkflow({
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
  return defineHarness({ name: 'bench', models: {}, workflows: { long }, store: sqliteStore({ file }) })
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
  for await (const event of harness.runs.events('long', { after: count })) if (event.type === 'run.suspended') break
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
    for (const { value } of raw.prepare('SELECT value FROM rows ORDER BY id').all() as { value: string }[]) JSON.parse(value)
  })
  raw.close()
  return wall
}
