import assert from 'node:assert/strict'
import { defineGuardrail, defineSkill, defineWorkflow } from '@belay/core'
import type { Guardrail } from '@belay/core'
import { z } from 'zod'
import type { EngineScenario } from './engine-scenario.ts'
import { runId } from './engine-scenario.ts'
import { lookingAgent } from './looking-agent.ts'

const output = 'the answer, guarded'

/**
 * A guardrail of input, output and calls that says when it is asked, by the key of the step that records what it
 * decides; and one that changes every result.
 */
function guardrails(witness: { ran(idempotencyKey: string): void }): readonly Guardrail[] {
  const noting = defineGuardrail({
    name: 'noting',
    on: ['input', 'output', 'tool_call'],
    check: (value, { stage }) => {
      const call = `guard-1-${(value as { topic?: string }).topic?.endsWith('again') === true ? 2 : 1}`
      witness.ran(`${runId}:reader/${stage === 'tool_call' ? call : `guard-${stage}`}`)
      return stage === 'output' ? { action: 'transform', value: output } : { action: 'pass' }
    },
  })
  const marking = defineGuardrail({
    name: 'marking',
    on: 'tool_result',
    check: () => ({ action: 'transform', value: { found: -1 } }),
  })
  return [noting, marking]
}

/** An agent with a guardrail at each stage, and a skill in its prompt. */
export const guardedScenario: EngineScenario = {
  name: 'guarded',
  workflow: (witness) => {
    const skill = defineSkill({ name: 'looking', description: 'Looks.', instructions: 'Look twice.' })
    const reader = lookingAgent('reader', witness, { guardrails: guardrails(witness), skills: [skill] })
    return defineWorkflow({
      name: 'guarded',
      input: z.object({ amount: z.number() }),
      output: z.json(),
      agents: { reader },
      run: (ctx) => ctx.agents.reader('reader'),
    })
  },
  check: async ({ store }) => {
    const entries = await store.journal.read(`run/${runId}`, { limit: 1_000 })
    const keys = entries.map((entry) => (entry.data as { key?: string }).key)
    for (const key of ['guard-input', 'guard-1-1', 'guard-1-2', 'guard-output'])
      assert.equal(keys.filter((known) => known === `reader/${key}`).length, 1, `${key} is recorded once`)
    const results = entries.filter(({ type }) => type === 'tool.finished')
    const values = results.map((entry) => (entry.data as { value?: unknown }).value)
    assert.deepEqual(values, [{ found: -1 }, { found: -1 }])
    const [messages] = await store.journal.read('session/the-session', { limit: 10 })
    assert.ok(JSON.stringify(messages?.data).includes(output), 'the history has the guarded answer')
  },
}
