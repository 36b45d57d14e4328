import assert from 'node:assert/strict'
import { defineWorkflow, HarnessError } from '@belay/core'
import { z } from 'zod'
import type { EngineScenario } from './engine-scenario.ts'

const payments = 'payments'

/** A step that is retried, one that may run once and asks the world, and a failure after which the run is resumed. */
export const retryScenario: EngineScenario = {
  name: 'retry and once',
  workflow: ({ ran, world }) =>
    defineWorkflow({
      name: 'retry',
      input: z.object({ amount: z.number() }),
      output: z.json(),
      run: async (ctx, { amount }) => {
        const flaky = await ctx.step(
          'flaky',
          ({ attempt, idempotencyKey }) => {
            ran(idempotencyKey)
            if (attempt < 3) throw new Error(`attempt ${attempt} fails`)
            return amount
          },
          { retry: { maxAttempts: 3, minDelayMs: 1_000, jitter: false } },
        )
        // A crash between the intent and the effect leaves an outcome that nobody can know.
        const paid = await ctx
          .step(
            'pay',
            () => {
              world.set(payments, (world.get(payments) ?? 0) + 1)
              return true
            },
            { effect: 'once', reconcile: () => (world.has(payments) ? { done: true } : 'unknown') },
          )
          .catch((error: unknown) => {
            if (!HarnessError.is(error, 'step/unknown-outcome')) throw error
            world.set('unknown', 1)
          })
        if (paid === true) world.set('known', 1)
        const mended = await ctx.step('mend', ({ idempotencyKey }) => {
          if (!world.has('mended')) throw new Error('not mended yet')
          ran(idempotencyKey)
          return 'mended'
        })
        return { flaky, mended }
      },
    }),
  drive: async ({ start, world }) => {
    const first = await start()
    try {
      return await first.result
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'not mended yet') throw error
      world.set('mended', 1)
      return (await start()).result
    }
  },
  check: (_facts, world) => {
    const count = world.get(payments) ?? 0
    assert.ok(count <= 1, `the effect that may happen once happened ${count} times`)
    assert.ok(count === 1 || world.has('unknown'), 'the effect neither happened nor was said to be unknown')
  },
}
