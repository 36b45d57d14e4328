import { defineAgent, defineHarness, defineTool } from '@belay/core'
import type { Model } from '@belay/core/ports'
import { z } from 'zod'

declare const model: Model

const lookup = defineTool({
  name: 'lookup',
  description: 'Find a customer by e-mail.',
  input: z.object({ email: z.email() }),
  output: z.object({ id: z.string(), plan: z.string() }),
  effect: 'read',
  execute: async ({ email }) => ({ id: email, plan: 'free' }),
})

const triage = defineAgent({
  name: 'triage',
  model: 'fast',
  instructions: 'Classify the ticket. Look the customer up first.',
  input: z.object({ ticket: z.string() }),
  output: z.object({ severity: z.enum(['low', 'high']), reason: z.string() }),
  tools: [lookup],
})

const harness = defineHarness({ name: 'support', models: { fast: model }, agents: { triage } })
const session = await harness.getSession('customer-42')
const answer = await session.agents.triage.run({ ticket: 'It does not start.' })
export const severity: 'low' | 'high' = answer.severity
