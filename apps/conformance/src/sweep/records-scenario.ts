import assert from 'node:assert/strict'
import { defineAgent, defineTool, defineWorkflow } from '@belay/core'
import { z } from 'zod'
import type { EngineScenario } from './engine-scenario.ts'
import { runId } from './engine-scenario.ts'

/** Checkpoints and memory of a workflow and of a child's tool, with what must be there at the end. */
export const recordsScenario: EngineScenario = {
  name: 'records',
  workflow: (witness) => {
    const look = defineTool({
      name: 'look',
      description: 'Leaves what it found.',
      input: z.object({ topic: z.string() }),
      effect: 'idempotent',
      execute: async ({ topic }, { idempotencyKey, checkpoints, memory }) => {
        witness.ran(idempotencyKey)
        const sequence = topic.length
        await checkpoints.write({ kind: 'handoff', sequence, payload: { topic } })
        await memory.agent?.write(`topic.${sequence}`, topic)
        return {
          found: (await checkpoints.list({ kind: 'handoff' })).some((one) => one.sequence === sequence),
        }
      },
    })
    const agents = {
      writer: defineAgent({ name: 'writer', model: 'scripted', instructions: 'Look.', tools: [look] }),
    }
    return defineWorkflow({
      name: 'records',
      input: z.object({ amount: z.number() }),
      output: z.json(),
      agents,
      run: async (ctx, { amount }) => {
        const { checkpoints, memory } = ctx
        const user = memory.user('u-1')
        await Promise.all([
          user.write('amount', amount),
          user.write('draft', 'not for long'),
          checkpoints.write({ kind: 'summary', sequence: 1, payload: { amount } }),
          checkpoints.write({ kind: 'summary', sequence: 2, payload: 'x'.repeat(70_000) }),
        ])
        const answer = await ctx.agents.writer('writer')
        const reads = await Promise.all([user.read('amount'), user.read('amount')])
        await Promise.all([user.delete('draft'), checkpoints.delete({ kind: 'summary', sequence: 1 })])
        const left = await checkpoints.list()
        const { records } = await user.list()
        return {
          answer,
          reads: reads.map((record) => Number(record?.value)),
          left: left.map(({ kind, sequence, payloadSizeBytes }) => `${kind} ${sequence} ${payloadSizeBytes}`),
          records: records.map((record) => record.key),
        }
      },
    })
  },
  check: async ({ store, output }) => {
    assert.deepEqual((output as { left: string[] }).left, [
      'summary 2 70002',
      'handoff 6 18',
      'handoff 13 25',
    ])
    const entries = await store.journal.read(`run/${runId}`, { limit: 10_000 })
    const written = entries.filter(({ type }) => type === 'checkpoint.written')
    assert.equal(written.length, 4, 'each checkpoint is written once')
    const kept = await store.memory?.list({ kind: 'agent', id: 'writer' })
    assert.deepEqual(
      kept?.records.map((record) => record.value),
      ['writer, again', 'writer'],
    )
  },
}
