import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow, inMemoryStore } from '../src/index.ts'
import type { Model } from '../src/ports/index.ts'
import { calls, says, scriptedModel } from './fixtures/scripted-model.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const tool = defineTool({
  name: 'act',
  description: 'Acts.',
  input: z.object({}),
  effect: 'read',
  execute: () => 1,
})
const helper = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [tool] })
const quick = defineWorkflow({
  name: 'quick',
  input: z.number(),
  output: z.number(),
  run: (ctx, value) => ctx.step('work', () => value),
})

/** Answers every request: first with a call, then with a text. */
const model: Model = {
  ...scriptedModel([]),
  async *generate(request) {
    yield* request.messages.at(-1)?.role === 'tool' ? says('ok') : calls(['c', 'act', {}])
  },
}

async function heapUsed(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    gc()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return process.memoryUsage().heapUsed
}

/** Until then code is compiled and caches fill, which is a growth that ends. */
const warmUp = 2_000

/** Bytes that each run leaves behind once the store holds as many finished runs as it keeps. */
async function slopeOf(run: (index: number) => Promise<unknown>): Promise<number> {
  for (let index = 0; index < warmUp; index++) await run(index)
  const before = await heapUsed()
  for (let index = warmUp; index < warmUp + 2_000; index++) await run(index)
  return ((await heapUsed()) - before) / 2_000
}

const harnessOf = () =>
  defineHarness({
    name: 'test',
    models: { main: model },
    agents: { helper },
    workflows: { quick },
    store: inMemoryStore({ keepFinishedRuns: 100 }),
  })

test('2,000 runs in one session leave nothing behind', async () => {
  const harness = harnessOf()
  const session = await harness.getSession('s')
  expect(await slopeOf((index) => session.workflows.quick.run(index))).toBeLessThan(100)
})

test('2,000 agent runs in sessions of their own leave their conversations and little else', async () => {
  const harness = harnessOf()
  const slope = await slopeOf(async (index) => {
    const session = await harness.getSession(`s${index}`)
    await session.agents.helper.run('go')
    await session.close()
  })
  expect(slope).toBeLessThan(3_500)
})

test('a session that nobody holds any more is forgotten without a close', async () => {
  const harness = harnessOf()
  let collected = 0
  const watch = new FinalizationRegistry(() => collected++)
  for (let index = 0; index < 50; index++) {
    const session = await harness.getSession(`s${index}`)
    watch.register(session, index)
    await session.workflows.quick.run(index)
  }
  await heapUsed()
  await expect.poll(() => (gc(), collected), { timeout: 10_000 }).toBeGreaterThan(40)
})
