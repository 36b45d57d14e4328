import { existsSync } from 'node:fs'
import { defineWorkflow } from '@belay/core'
import type { StepRun, Workflow } from '@belay/core'
import { z } from 'zod'
import { lookingAgent } from '../sweep/looking-agent.ts'
import type { Gates } from './gates.ts'
import type { WitnessFile } from './witness-file.ts'

/** What the flows of a worker process share with it. */
export interface FlowHost {
  readonly witness: WitnessFile
  readonly gates: Gates
  /** Tells the parent process. */
  note(text: string): void
}

const amount = z.object({ amount: z.number() })

/** Three steps. */
export function stepsFlow({ witness }: FlowHost): Workflow {
  return defineWorkflow({
    name: 'steps',
    input: amount,
    output: z.object({ sum: z.number() }),
    run: async (ctx, input) => {
      let sum = input.amount
      for (const name of ['one', 'two', 'three']) {
        sum = await ctx.step(name, ({ idempotencyKey }) => {
          witness.ran(idempotencyKey)
          return sum + name.length
        })
      }
      return { sum }
    },
  })
}

/** One step, then one that works until its gate opens, then one more. */
export function heldFlow(host: FlowHost): Workflow {
  const hold = async (run: StepRun, input: { readonly blockOn?: string | undefined }): Promise<string> => {
    run.signal.addEventListener('abort', () => host.note('aborted'), { once: true })
    host.witness.ran(run.idempotencyKey)
    host.note('held')
    if (input.blockOn === undefined) await host.gates.opened(run.signal)
    else while (!existsSync(input.blockOn)) blockBriefly()
    host.note('passed')
    return `held by ${process.pid}`
  }
  return defineWorkflow({
    name: 'held',
    input: z.object({ blockOn: z.string().optional() }),
    output: z.json(),
    run: async (ctx, input) => {
      const before = await ctx.step('before', ({ idempotencyKey }) => {
        host.witness.ran(idempotencyKey)
        return 1
      })
      const held = await ctx.step('hold', (run) => hold(run, input))
      const after = await ctx.step('after', ({ idempotencyKey }) => {
        host.witness.ran(idempotencyKey)
        return 2
      })
      return { before, held, after }
    },
  })
}

/** A body that holds the event loop, as a long computation does. */
function blockBriefly(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
}

/** A step, a wait with a schema, a step. */
export function waitingFlow({ witness }: FlowHost): Workflow {
  return defineWorkflow({
    name: 'waiting',
    input: amount,
    output: z.json(),
    run: async (ctx) => {
      await ctx.step('before', ({ idempotencyKey }) => witness.ran(idempotencyKey))
      const answer = await ctx.wait('go', { schema: z.object({ ok: z.boolean() }) })
      await ctx.step('after', ({ idempotencyKey }) => witness.ran(idempotencyKey))
      return answer
    },
  })
}

/** An agent with a budget of one model call, where it needs two. */
export function meteredFlow({ witness }: FlowHost): Workflow {
  return defineWorkflow({
    name: 'metered',
    input: amount,
    output: z.json(),
    agents: { looker: lookingAgent('looker', witness) },
    budget: { modelCalls: 1 },
    run: (ctx) => ctx.agents.looker('looker'),
  })
}

/** A wait beside a step that is held: a run that never comes to rest while the wait is open. */
export function liveFlow(host: FlowHost): Workflow {
  return defineWorkflow({
    name: 'live',
    input: amount,
    output: z.json(),
    run: async (ctx) => {
      const wait = ctx.wait('go', { schema: z.object({ ok: z.boolean() }) })
      const [answer] = await Promise.all([
        wait.then((value) => {
          host.note('answered')
          return value
        }),
        ctx.step('hold', async ({ idempotencyKey, signal }) => {
          host.witness.ran(idempotencyKey)
          host.note('held')
          await host.gates.opened(signal)
        }),
      ])
      return answer
    },
  })
}

/** Steps, a parallel fan-out, a child agent with tools, a wait; says which results it received. */
export function mixedFlow(host: FlowHost): Workflow<{ amount: number }> {
  const { witness, note } = host
  const agents = { looker: lookingAgent('looker', witness) }
  return defineWorkflow({
    name: 'mixed',
    input: amount,
    output: z.json(),
    agents,
    run: async (ctx, input) => {
      const received = <T>(key: string, value: T): T => {
        note(`received ${ctx.runId}:${key}`)
        return value
      }
      const step = async (name: string, value: number): Promise<number> =>
        received(
          name,
          await ctx.step(name, ({ idempotencyKey }) => {
            witness.ran(idempotencyKey)
            return value
          }),
        )
      const first = await step('first', input.amount)
      const items = await ctx.fanOut('items', [1, 2, 3], async (item, value, index) => {
        const key = `items/${index}`
        const product = await item.step('multiply', ({ idempotencyKey }) => {
          witness.ran(idempotencyKey)
          return first * value
        })
        received(`${key}/multiply`, product)
        return index === 1 ? received(`${key}/looker`, await item.agents.looker(`${key}/looker`)) : product
      })
      const pair = await Promise.all([step('left', 1), step('right', 2)])
      const signal = received('go', await ctx.wait('go', { schema: z.number() }))
      return { items, pair, signal, last: await step('last', 3) }
    },
  })
}
