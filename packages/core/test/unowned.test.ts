import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineHarness, defineWorkflow, inMemoryStore, nodePlatform, type Harness } from '../src/index.ts'
import type { Platform, Store } from '../src/ports/index.ts'

const waiting = defineWorkflow({
  name: 'waiting',
  input: z.null(),
  output: z.string(),
  run: async (ctx) => {
    await ctx.step('first', () => 1)
    await ctx.wait('never', { timeoutMs: 0 })
    return 'done'
  },
})

/** A process of its own; the others take it for dead as soon as they ask. */
function processOf(name: string): Platform {
  return { ...nodePlatform(), owner: () => name, liveness: () => 'dead' }
}

function harnessOn(store: Store, name: string): Harness<Record<never, never>, { waiting: typeof waiting }> {
  return defineHarness({ name: 'test', models: {}, workflows: { waiting }, store, platform: processOf(name) })
}

/** A store that never answers a certain append of its caller: the process died there. */
function dyingAt(store: Store, append: number): Store {
  let appends = 0
  return {
    ...store,
    journal: {
      ...store.journal,
      append: (batch) => (++appends >= append ? new Promise(() => undefined) : store.journal.append(batch)),
    },
  }
}

/** Suspends a run under the id `r`. */
async function suspended(store: Store): Promise<ReturnType<typeof harnessOn>> {
  const harness = harnessOn(store, 'one')
  const session = await harness.getSession('s')
  const handle = await session.workflows.waiting.start(null, { durable: { runId: 'r' } })
  for await (const event of handle.events()) if (event.type === 'run.suspended') break
  return harness
}

test('a wait with timeoutMs 0 has no limit', async () => {
  const store = inMemoryStore()
  const harness = await suspended(store)
  expect(await harness.runs.get('r')).not.toHaveProperty('dueAt')
  expect(await harness.runs.get('r')).toMatchObject({ state: 'suspended' })
})

test('a cancel ends a run that lost its process elsewhere, also where an old handle is held [RUN-13]', async () => {
  const store = inMemoryStore()
  const harness = await suspended(store)
  // The second process records that it goes on, and dies before it records anything else.
  await harnessOn(dyingAt(store, 2), 'two').runs.resume('r')
  expect(await harness.runs.get('r')).toMatchObject({ state: 'running' })
  await harness.runs.cancel('r')
  expect(await harness.runs.get('r')).toMatchObject({ state: 'cancelled' })
})

test('a fork whose process died before it went on is found by recover()', async () => {
  const store = inMemoryStore()
  await suspended(store)
  void harnessOn(dyingAt(store, 2), 'two').runs.fork('r', { runId: 'f' })
  const third = harnessOn(store, 'three')
  await expect.poll(() => third.runs.get('f')).toMatchObject({ state: 'running' })
  const { resumed } = await third.runs.recover()
  expect(resumed.map((handle) => handle.id)).toEqual(['f'])
  await third.runs.cancel('f')
  await expect(resumed[0]?.result).rejects.toMatchObject({ code: 'run/cancelled' })
})
