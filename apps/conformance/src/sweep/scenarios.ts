import { defineAgent, defineTool, defineWorkflow, HarnessError } from '@belay/core'
import { z } from 'zod'
import type { EngineScenario } from './engine-scenario.ts'
import { runId } from './engine-scenario.ts'
import { lookingAgent } from './looking-agent.ts'

const shape = { input: z.object({ amount: z.number() }), output: z.json() }

const linear: EngineScenario = {
  name: 'linear',
  workflow: ({ ran }) =>
    defineWorkflow({
      ...shape,
      name: 'linear',
      run: async (ctx, { amount }) => {
        let sum = amount
        for (let count = 0; count < 4; count += 1) {
          sum = await ctx.step('add', async ({ idempotencyKey }) => {
            ran(idempotencyKey)
            return sum + count
          })
        }
        return { sum }
      },
    }),
}

const parallel: EngineScenario = {
  name: 'parallel',
  workflow: ({ ran }) =>
    defineWorkflow({
      ...shape,
      name: 'parallel',
      run: async (ctx, { amount }) => {
        const step = (name: string, value: number) =>
          ctx.step(name, ({ idempotencyKey }) => {
            ran(idempotencyKey)
            return value
          })
        const items = await ctx.fanOut('items', [1, 2, 3], async (item, value, index) => {
          const first = await item.step('first', ({ idempotencyKey }) => {
            ran(idempotencyKey)
            return value * amount
          })
          return item.step('second', ({ idempotencyKey }) => {
            ran(idempotencyKey)
            return first + index
          })
        })
        const all = await Promise.all([
          step('left', 1),
          step('right', 2),
          step('left-too', 3).then((n) => step('then', n)),
        ])
        const winner = await Promise.race([step('fast', 10), step('slow', 20)])
        return { items, all, winner, after: await step('after', winner) }
      },
    }),
}

const child: EngineScenario = {
  name: 'child',
  workflow: (witness) => {
    const agents = { writer: lookingAgent('writer', witness), critic: lookingAgent('critic', witness) }
    return defineWorkflow({
      ...shape,
      name: 'child',
      agents,
      run: async (ctx) => {
        const pairs = await ctx.fanOut('draft', ['one', 'two'], async (item, _topic, index) => {
          const draft = await item.agents.writer(`draft/${index}/writer`)
          return [draft, await item.agents.critic(`draft/${index}/critic`)]
        })
        return { pairs, last: await ctx.agents.writer('writer') }
      },
    })
  },
}

/** Longer than a run stays awake at rest, so that it suspends; each poll meanwhile is a boundary. */
const napMs = 700
const dayMs = 86_400_000

/** One signal comes before its wait opens, the other while the run is suspended. */
const wait: EngineScenario = {
  name: 'wait',
  workflow: ({ ran }) =>
    defineWorkflow({
      ...shape,
      name: 'wait',
      run: async (ctx) => {
        const before = await ctx.step('before', ({ idempotencyKey }) => {
          ran(idempotencyKey)
          return 1
        })
        const early = await ctx.wait('early', { schema: z.number() })
        await ctx.sleep('nap', napMs)
        const late = await ctx.wait('late', { schema: z.object({ ok: z.boolean() }), timeoutMs: dayMs })
        const after = await ctx.step('after', ({ idempotencyKey }) => {
          ran(idempotencyKey)
          return 2
        })
        return { before, early, late, after }
      },
    }),
  drive: async ({ harness, start }) => {
    const handle = await start()
    const send = (name: string, value: unknown): Promise<void> =>
      harness.runs.signal(runId, name, value, { commandId: `${name}-1` })
    await send('early', 7)
    for await (const event of handle.events()) {
      if (event.type === 'wait.opened' && event.name === 'late') await send('late', { ok: true })
    }
    return handle.result
  },
}

/** The cancel comes from a tool of a child agent in a fan-out, beside an open wait. */
const cancel: EngineScenario = {
  name: 'cancel',
  workflow: (witness) => {
    const stop = defineTool({
      name: 'look',
      description: 'Asks for the end of the run and works until it comes.',
      input: z.object({ topic: z.string() }),
      effect: 'idempotent',
      execute: async (_input, { signal, idempotencyKey }) => {
        witness.ran(idempotencyKey)
        witness.world.set('stop', 1)
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
        })
      },
    })
    const agents = {
      stopper: defineAgent({ name: 'stopper', model: 'scripted', instructions: 'Stop.', tools: [stop] }),
    }
    return defineWorkflow({
      ...shape,
      name: 'cancel',
      agents,
      run: async (ctx) => {
        await ctx.step('before', ({ idempotencyKey }) => witness.ran(idempotencyKey))
        await Promise.all([
          ctx.wait('never'),
          ctx.fanOut('stoppers', [0, 1], (item, index) => item.agents.stopper(`stoppers/${index}/stopper`)),
        ])
        return 'not reached'
      },
    })
  },
  drive: async ({ harness, start }) => {
    try {
      const handle = await start()
      for await (const event of handle.events()) {
        if (event.type === 'tool.started')
          await harness.runs.cancel(runId, { reason: 'enough', commandId: 'cancel-1' })
      }
      return await handle.result
    } catch (error) {
      if (HarnessError.is(error, 'run/cancelled')) return error.code
      throw error
    }
  },
}

export const plainScenarios: readonly EngineScenario[] = [linear, parallel, child, wait, cancel]
