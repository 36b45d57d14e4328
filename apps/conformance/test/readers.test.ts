import { defineHarness, defineWorkflow, type CommittedEvent, type RunEvent } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { reportCounts, runSeed, size, tempFolder, withWorker } from '../src/index.ts'

/** Steps, a fan-out, a wait, and a failure that a resume puts right: two attempts and some twenty-five events. */
const flow = defineWorkflow({
  name: 'flow',
  input: z.null(),
  output: z.string(),
  run: async (ctx) => {
    await ctx.fanOut('items', [1, 2, 3, 4], async (inner, item) => {
      for (let step = 0; step < 4; step++) await inner.step('work', () => item)
    })
    await ctx.step('risky', () => {
      if (ctx.attempt === 1) throw new Error('bad luck')
      return 'lucky'
    })
    return z.string().parse(await ctx.wait('go'))
  },
})

const open = (file: string) =>
  defineHarness({ name: 'readers', models: {}, workflows: { flow }, store: sqliteStore({ file }) })
type Opened = ReturnType<typeof open>

/** Committed events behind a position, at most so many; then the reader leaves. */
async function take(events: AsyncIterable<RunEvent>, most: number): Promise<CommittedEvent[]> {
  const taken: CommittedEvent[] = []
  for await (const event of events) {
    if ('position' in event) taken.push(event)
    if (taken.length >= most) break
  }
  return taken
}

/** Runs it to the end, over a failure. */
async function execute(harness: Opened, runId: string): Promise<void> {
  const session = await harness.getSession(runId)
  const start = () => session.workflows.flow.start(null, { durable: { runId } })
  await (await start()).result.catch(() => undefined)
  const handle = await start()
  await harness.runs.signal(runId, 'go', 'on')
  expect(await handle.result).toBe('on')
}

interface Cut {
  readonly most: number
  readonly by: 'this process' | 'a reopened store' | 'another process'
}

const cuts = fc.array(
  fc.record({
    most: fc.integer({ min: 1, max: 9 }),
    by: fc.constantFrom<Cut['by']>('this process', 'a reopened store', 'another process'),
  }),
  { maxLength: 12 },
)

test('any cuts and reconnects, by whichever process, give the uncut stream [EVT-4, EVT-24, EVT-25, EVT-26]', async () => {
  const seed = runSeed()
  const numRuns = size === 'full' ? 500 : 40
  const folder = tempFolder()
  const files = { store: folder.file('store.db'), witness: folder.file('witness') }
  const harness = open(files.store)
  let connections = 0
  try {
    await execute(harness, 'r')
    const uncut = await take(harness.runs.events('r'), Infinity)
    expect(uncut.length).toBeGreaterThan(20)
    expect(uncut.map(({ position }) => position)).toEqual(uncut.map((_event, index) => index + 1))
    await withWorker(files, async (worker) => {
      const read = async ({ by, most }: Cut, after: number): Promise<readonly CommittedEvent[]> => {
        connections++
        if (by === 'this process') return take(harness.runs.events('r', { after }), most)
        if (by === 'another process') {
          const rest = (await worker.call('events', { runId: 'r', after })) as CommittedEvent[]
          return rest.slice(0, most)
        }
        const reopened = open(files.store)
        const taken = await take(reopened.runs.events('r', { after }), most)
        await reopened.shutdown()
        return taken
      }
      await fc.assert(
        fc.asyncProperty(cuts, async (list) => {
          const seen: CommittedEvent[] = []
          for (const cut of [...list, { by: 'this process', most: Infinity } as const]) {
            seen.push(...(await read(cut, seen.at(-1)?.position ?? 0)))
          }
          expect(seen).toEqual(uncut)
        }),
        { seed, numRuns },
      )
    })
  } finally {
    await harness.shutdown()
    folder.remove()
  }
  reportCounts('readers / after the end', { properties: numRuns, connections }, seed)
})

test('cuts and reconnects while the run executes give the same as the uncut stream [EVT-4, EVT-24]', async () => {
  const seed = runSeed()
  const numRuns = size === 'full' ? 200 : 15
  const folder = tempFolder()
  const harness = open(folder.file('store.db'))
  let runs = 0
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 20 }), async (list) => {
        const runId = `r${runs++}`
        const executing = execute(harness, runId)
        const seen: CommittedEvent[] = []
        const goOn = async (most: number): Promise<void> => {
          const after = seen.at(-1)?.position ?? 0
          seen.push(...(await take(harness.runs.events(runId, { after }), most)))
        }
        for (const most of list) await goOn(most)
        await executing
        await goOn(Infinity)
        expect(seen).toEqual(await take(harness.runs.events(runId), Infinity))
      }),
      { seed, numRuns },
    )
  } finally {
    await harness.shutdown()
    folder.remove()
  }
  reportCounts('readers / while it executes', { properties: numRuns, runs }, seed)
})
