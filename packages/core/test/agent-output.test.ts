import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness } from '../src/index.ts'
import type { StandardSchema } from '../src/index.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { says, scriptedModel, type Turn } from './fixtures/scripted-model.ts'
import type { ModelCapability } from '../src/ports/index.ts'

const verdict = z.object({ severity: z.enum(['low', 'high']) })

async function setup(
  script: readonly Turn[],
  output?: StandardSchema,
  capabilities?: readonly ModelCapability[],
) {
  const model = scriptedModel(script, capabilities)
  const agent = defineAgent({
    name: 'my.judge',
    model: 'main',
    instructions: 'Judge.',
    ...(output !== undefined && { output }),
  })
  const harness = defineHarness({ name: 'test', models: { main: model }, agents: { agent } })
  const session = await harness.getSession('s')
  return { model, session, run: () => session.agents.agent.run('go') }
}

describe('structured output', () => {
  test('a model with the capability gets the schema as a request [AGT-7]', async () => {
    const { model, run } = await setup([says('{"severity":"low"}')], verdict)
    expect(await run()).toEqual({ severity: 'low' })
    expect(model.requests[0]?.output).toMatchObject({ name: 'my_judge', schema: { type: 'object' } })
    expect(model.requests[0]?.messages[0]).toEqual({ role: 'system', content: 'Judge.' })
  })

  test('a model without it is told the schema in words [AGT-7]', async () => {
    const { model, run } = await setup([says('{"severity":"high"}')], verdict, ['text'])
    expect(await run()).toEqual({ severity: 'high' })
    expect(model.requests[0]?.output).toBeUndefined()
    expect(model.requests[0]?.messages[0]?.content).toMatch(
      /JSON Schema, and nothing else:\n\{.*"severity".*\}$/,
    )
  })

  test.each([
    ['a fence', '```json\n{"severity":"low"}\n```'],
    ['a fence without a language', '```\n{"severity":"low"}\n```\n'],
    ['a fence with text behind it', '```json\n{"severity":"low"}\n```\nThat is my verdict.'],
    ['white space', '\n {"severity":"low"} \n'],
  ])('an answer in %s is read', async (_title, text) => {
    const { run } = await setup([says(text)], verdict)
    expect(await run()).toEqual({ severity: 'low' })
  })

  test('a hostile answer meets no pattern, which could take quadratic time', async () => {
    const hostile = `\`\`\`${'\n'.repeat(10_000)}`
    const { run } = await setup([says(hostile), says('{"severity":"low"}')], verdict)
    // Every way to use a pattern goes through `exec`, once it is replaced.
    const exec = vi.spyOn(RegExp.prototype, 'exec')
    try {
      expect(await run()).toEqual({ severity: 'low' })
      const searched = exec.mock.calls.map(([text]) => text.length)
      expect(searched.filter((length) => length >= hostile.length)).toEqual([])
    } finally {
      exec.mockRestore()
    }
  })

  test('an answer that does not match goes back once with the issues [AGT-8]', async () => {
    const { model, run } = await setup([says('{"severity":"medium"}'), says('{"severity":"low"}')], verdict)
    expect(await run()).toEqual({ severity: 'low' })
    expect(model.requests[1]?.messages.slice(2)).toEqual([
      { role: 'assistant', content: [{ type: 'text', text: '{"severity":"medium"}' }] },
      { role: 'user', content: [{ type: 'text', text: expect.stringContaining('severity') }] },
    ])
  })

  test('a second one is validation/agent_output with the issues [AGT-9]', async () => {
    const { model, run } = await setup([says('nonsense'), says('{}')], verdict)
    expect(await failureOf(run())).toMatchObject({
      code: 'validation/agent_output',
      meta: { agent: 'my.judge', issues: [{ path: 'severity' }] },
    })
    expect(model.requests).toHaveLength(2)
  })

  test('a choice of words is structured output [AGT-7]', async () => {
    const { model, run } = await setup([says('"a"')], z.enum(['a', 'b']))
    expect(await run()).toBe('a')
    expect(model.requests[0]?.output).toBeDefined()
  })

  test('an asynchronous schema is awaited', async () => {
    const { run } = await setup(
      [says('"x"')],
      z
        .object({})
        .or(z.literal('x'))
        .refine(async () => true),
    )
    expect(await run()).toBe('x')
  })
})

describe('text', () => {
  test.each([
    ['the default', undefined],
    ['z.string()', z.string()],
  ])('%s streams as it comes [AGT-6]', async (_title, output) => {
    const parts = [
      { type: 'text-delta', text: 'Hel' },
      { type: 'text-delta', text: 'lo' },
      { type: 'finish', reason: 'stop', usage: {} },
    ] as const
    const { session, model } = await setup([parts], output)
    const events = await collect(session.agents.agent.stream('go'))
    const deltas = events.filter((event) => event.type === 'model.delta')
    expect(deltas).toMatchObject([
      { key: 'model-1', attempt: 1, offset: 0, text: 'Hel', agent: 'my.judge' },
      { key: 'model-1', attempt: 1, offset: 3, text: 'lo' },
    ])
    expect(events.at(-1)).toMatchObject({ type: 'run.finished', outcome: 'succeeded', value: 'Hello' })
    expect(model.requests[0]?.output).toBeUndefined()
  })

  test('a text that its schema refuses goes back too', async () => {
    const { run } = await setup([says('no'), says('long enough')], z.string().min(5))
    expect(await run()).toBe('long enough')
  })
})
