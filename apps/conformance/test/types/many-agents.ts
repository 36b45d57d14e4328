/** A program of so many tools, each in one agent of its own, in one file. */
export function manyAgents(count: number): string {
  const numbers = Array.from({ length: count }, (_, index) => index)
  return [
    "import { defineAgent, defineHarness, defineTool } from '@belay/core'",
    "import type { Model } from '@belay/core/ports'",
    "import { z } from 'zod'",
    'declare const model: Model',
    ...numbers.map((n) => definitionsOf(n)),
    'const harness = defineHarness({',
    "  name: 'many',",
    '  models: { fast: model },',
    `  agents: { ${numbers.map((n) => `agent${n}`).join(', ')} },`,
    '})',
    "const session = await harness.getSession('one')",
    ...numbers.map((n) => `export const answer${n}: number = (await session.agents.agent${n}.run('')).a${n}`),
  ].join('\n')
}

function definitionsOf(n: number): string {
  return `
const tool${n} = defineTool({
  name: 'tool${n}',
  description: 'Tool ${n}.',
  input: z.object({ id: z.string(), in${n}: z.number() }),
  output: z.object({ out${n}: z.string(), list: z.array(z.string()) }),
  execute: async (input) => ({ out${n}: input.id, list: [String(input.in${n})] }),
})
const agent${n} = defineAgent({
  name: 'agent${n}',
  model: 'fast',
  instructions: 'Answer.',
  output: z.object({ a${n}: z.number(), reason: z.string() }),
  tools: [tool${n}],
})`
}
