import { defineAgent, defineTool } from '@belay/core'
import type { Agent, Guardrail, Skill } from '@belay/core'
import { z } from 'zod'

/** An agent whose tool says when it runs. */
export function lookingAgent(
  name: string,
  witness: { ran(idempotencyKey: string): void },
  more: { readonly guardrails?: readonly Guardrail[]; readonly skills?: readonly Skill[] } = {},
): Agent<string, string, 'scripted'> {
  const look = defineTool({
    name: 'look',
    description: 'Looks a topic up.',
    input: z.object({ topic: z.string() }),
    effect: 'read',
    execute: ({ topic }, { idempotencyKey }) => {
      witness.ran(idempotencyKey)
      return { found: topic.length }
    },
  })
  const base = { name, model: 'scripted' as const, instructions: 'Look it up, then answer.' }
  return defineAgent({ ...base, ...more, tools: [look] })
}
