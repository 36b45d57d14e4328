import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineWorkflow } from '../src/index.ts'
import { failureOf } from './fixtures/collect.ts'
import { says, scriptedModel } from './fixtures/scripted-model.ts'

const triage = defineAgent({
  name: 'triage',
  model: 'main',
  instructions: 'Classify.',
  input: z.object({ ticket: z.string().min(3).trim() }),
})
const w = defineWorkflow({
  name: 'w',
  input: z.unknown(),
  output: z.string(),
  agents: { triage },
  run: (ctx, input) => ctx.agents.triage(input as never),
})

async function setup() {
  const model = scriptedModel([says('ok')])
  const harness = defineHarness({
    name: 'test',
    models: { main: model },
    agents: { triage },
    workflows: { w },
  })
  return { model, harness, session: await harness.getSession('s') }
}

describe('the input of an agent is validated before its model is called', () => {
  test('when it is run, and no run is made of what does not fit [AGT-1]', async () => {
    const { model, harness, session } = await setup()
    expect(await failureOf(session.agents.triage.run({ ticket: 1 } as never))).toMatchObject({
      code: 'validation/input',
      meta: { issues: [{ path: 'ticket' }] },
    })
    expect([model.requests, await harness.runs.list()]).toEqual([[], []])
  })

  test('when it is a child [AGT-1]', async () => {
    const { model, session } = await setup()
    expect(await failureOf(session.workflows.w.run({ ticket: 'x' }))).toMatchObject({
      code: 'validation/input',
      meta: { issues: [{ path: 'ticket' }] },
    })
    expect(model.requests).toEqual([])
  })

  test('and the model sees what the schema made of it [AGT-1]', async () => {
    const { model, session } = await setup()
    expect(await session.workflows.w.run({ ticket: '  down  ' })).toBe('ok')
    expect(model.requests[0]?.messages.at(-1)).toEqual({
      role: 'user',
      content: [{ type: 'text', text: '{"ticket":"down"}' }],
    })
  })
})
