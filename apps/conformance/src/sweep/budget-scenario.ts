import assert from 'node:assert/strict'
import { defineWorkflow } from '@belay/core'
import { z } from 'zod'
import type { EngineScenario } from './engine-scenario.ts'
import { runId } from './engine-scenario.ts'
import { lookingAgent } from './looking-agent.ts'

/** Model calls that a run may make from the start, and by each extension. */
const first = 2
const more = 1

/**
 * Two agents beside each other with a budget that is used up again and again. Every extension is named after the
 * suspension that it answers, so that a process that sees that suspension again does not give it twice.
 */
export const budgetScenario: EngineScenario = {
  name: 'budget',
  workflow: (witness) =>
    defineWorkflow({
      name: 'budget',
      input: z.object({ amount: z.number() }),
      output: z.json(),
      agents: { reader: lookingAgent('reader', witness) },
      budget: { modelCalls: first },
      run: (ctx) =>
        ctx.fanOut('read', [1, 2], (item, _topic, index) => item.agents.reader(`read/${index}/reader`)),
    }),
  drive: async ({ harness, start }) => {
    const handle = await start()
    for await (const event of handle.events()) {
      if (event.type !== 'run.suspended' || event.reason !== 'budget/exhausted') continue
      await harness.runs.extend(runId, { modelCalls: more }, { commandId: `more-${event.position}` })
    }
    return handle.result
  },
  check: async ({ store, witnessed }) => {
    const entries = await store.journal.read(`run/${runId}`, { limit: 10_000 })
    const count = (type: string): number => entries.filter((entry) => entry.type === type).length
    const allowed = first + more * count('budget.extended')
    const calls = witnessed.flat().filter((key) => key.includes('/model-')).length
    assert.ok(calls <= count('budget.reserved'), `${calls} calls, ${count('budget.reserved')} reserved`)
    assert.ok(count('budget.reserved') <= allowed, `${count('budget.reserved')} reserved of ${allowed}`)
    const suspensions = entries.filter(
      (entry) => (entry.data as { reason?: unknown }).reason === 'budget/exhausted',
    )
    assert.ok(suspensions.length > 0, 'the budget was never used up')
  },
}
