import { defineAgent, defineTool } from '@belay/core'
import type { Agent } from '@belay/core'
import { z } from 'zod'

/** An agent whose tool says when it runs. */
export function lookingAgent(
  name: string,
  witness: { ran(idempotencyKey: string): void },
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
  return defineAgent({ name, model: 'scripted', instructions: 'Look it up, then answer.', tools: [look] })
}
