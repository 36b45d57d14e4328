import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineHarness, defineWorkflow, inMemoryStore, nodePlatform, type Reconciled } from '../src/index.ts'
import type { Store } from '../src/ports/index.ts'

/** The process dies after the intent of the payment was recorded; the next one asks `reconcile`. */
async function outcomeOf(answer: unknown): Promise<{ readonly end: unknown; readonly paid: number }> {
  const store = inMemoryStore()
  let paid = 0
  const pay = defineWorkflow({
    name: 'pay',
    input: z.null(),
    output: z.any(),
    run: (ctx) =>
      ctx.step('pay', () => ++paid, { effect: 'once', reconcile: () => answer as Reconciled<number> }),
  })
  const boot = async (owner: string, on: Store) => {
    const platform = { ...nodePlatform(), owner: () => owner, liveness: () => 'dead' as const }
    const harness = defineHarness({ name: 'test', models: {}, workflows: { pay }, store: on, platform })
    const session = await harness.getSession('s')
    return session.workflows.pay.start(null, { durable: { runId: 'r' } })
  }
  const intended = Promise.withResolvers<void>()
  let appends = 0
  const append: Store['journal']['append'] = (batch) => {
    if (++appends < 3) return store.journal.append(batch)
    intended.resolve()
    return new Promise(() => undefined)
  }
  void (await boot('first', { ...store, journal: { ...store.journal, append } })).result
  await intended.promise
  const end = await (await boot('second', store)).result.catch((error: unknown) => error)
  return { end, paid }
}

test('an answer with `done` is the result, and the effect is not run again [STEP-9]', async () => {
  expect(await outcomeOf({ done: 7 })).toEqual({ end: 7, paid: 1 })
})

test.each([['unknown'], [undefined], [null], [{}], ['done'], [7]])(
  'no clear answer leaves the outcome unknown: %j [STEP-8]',
  async (answer) => {
    const { end, paid } = await outcomeOf(answer)
    expect(end).toMatchObject({ code: 'step/unknown-outcome' })
    expect(paid).toBe(1)
  },
)
