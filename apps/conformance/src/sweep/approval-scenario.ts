import assert from 'node:assert/strict'
import { defineAgent, defineTool, defineWorkflow, HarnessError } from '@belay/core'
import { z } from 'zod'
import type { EngineScenario } from './engine-scenario.ts'

/** Children in a fan-out ask twice at once, and the workflow itself asks; one call is denied, the others are allowed. */
export const approvalScenario: EngineScenario = {
  name: 'approvals',
  workflow: ({ ran, world }) => {
    const look = defineTool({
      name: 'look',
      description: 'Looks a topic up.',
      input: z.object({ topic: z.string() }),
      effect: 'idempotent',
      permission: 'ask',
      execute: ({ topic }, { idempotencyKey }) => {
        ran(idempotencyKey)
        return { found: topic.length }
      },
    })
    const pay = defineTool({
      name: 'pay',
      description: 'Pays once.',
      input: z.object({ amount: z.number() }),
      effect: 'once',
      permission: 'ask',
      execute: ({ amount }) => {
        world.set('paid', (world.get('paid') ?? 0) + 1)
        return amount
      },
    })
    const agents = {
      asker: defineAgent({ name: 'asker', model: 'scripted', instructions: 'Ask.', tools: [look] }),
    }
    return defineWorkflow({
      name: 'approvals',
      input: z.object({ amount: z.number() }),
      output: z.json(),
      agents,
      tools: { pay, look },
      run: async (ctx, { amount }) => {
        const answers = await ctx.fanOut('each', [0, 1], (item, index) =>
          item.agents.asker(`each/${index}/asker`),
        )
        const denied = await ctx.tools.look({ topic: 'no' }, { key: 'no' }).then(
          () => 'allowed',
          (error: unknown) => (HarnessError.is(error) ? error.code : 'another failure'),
        )
        await ctx.tools.pay({ amount }).catch((error: unknown) => {
          if (!HarnessError.is(error, 'tool/unknown-outcome')) throw error
          world.set('unknown', 1)
        })
        return { answers, denied }
      },
    })
  },
  drive: async ({ harness, start }) => {
    const handle = await start()
    for await (const event of handle.events()) {
      // A process that died may have left questions that were asked before this one began to read.
      if (event.type !== 'approval.requested' && event.type !== 'run.resumed') continue
      for (const approval of await harness.approvals.list()) {
        const decision = approval.key === 'no' ? 'deny' : 'allow'
        await harness.approvals.resolve(approval, { decision, commandId: `for-${approval.approvalId}` })
      }
    }
    return handle.result
  },
  check: (_facts, world) => {
    const count = world.get('paid') ?? 0
    assert.ok(count <= 1, `what may happen once happened ${count} times`)
    assert.ok(count === 1 || world.has('unknown'), 'nothing was paid, and nobody says so')
  },
}
