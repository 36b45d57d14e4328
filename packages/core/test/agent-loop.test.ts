import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool } from '../src/index.ts'
import { collect, failureOf, gate } from './fixtures/collect.ts'
import { calls, finishes, says, scriptedModel, type Turn } from './fixtures/scripted-model.ts'

const add = defineTool({
  name: 'add',
  description: 'Adds.',
  input: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a + b,
})

function setup(script: readonly Turn[], init: Partial<Parameters<typeof defineAgent>[0]> = {}) {
  const model = scriptedModel(script)
  const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [add], ...init })
  const harness = defineHarness({ name: 'test', models: { main: model }, agents: { helper: agent } })
  const run = async (input: unknown = 'go', sessionId = 's', options = {}) => {
    const session = await harness.getSession(sessionId)
    return session.agents.helper.run(input, options)
  }
  return { model, harness, run }
}

describe('the agent loop', () => {
  test('calls the model, runs its tools and calls it again until it answers [AGT-2, MOD-15]', async () => {
    const { model, run } = setup([calls(['c1', 'add', { a: 1, b: 2 }]), says('three')])
    expect(await run('1+2?')).toBe('three')
    expect(model.requests.map((request) => request.messages)).toEqual([
      [
        { role: 'system', content: 'Help.' },
        { role: 'user', content: [{ type: 'text', text: '1+2?' }] },
      ],
      [
        { role: 'system', content: 'Help.' },
        { role: 'user', content: [{ type: 'text', text: '1+2?' }] },
        {
          role: 'assistant',
          content: [{ type: 'tool-call', callId: 'c1', name: 'add', arguments: '{"a":1,"b":2}' }],
        },
        {
          role: 'tool',
          content: [{ type: 'tool-result', callId: 'c1', name: 'add', output: 3, isError: false }],
        },
      ],
    ])
  })

  test('calls of one turn run in parallel up to the limit, and results go back in the order of the calls [AGT-10]', async () => {
    const gates = [gate(), gate(), gate()]
    const running: number[] = []
    let most = 0
    const wait = defineTool({
      name: 'wait',
      description: 'Waits.',
      input: z.object({ n: z.number() }),
      execute: async ({ n }) => {
        running.push(n)
        most = Math.max(most, running.length)
        await gates[n]?.opened
        running.splice(running.indexOf(n), 1)
        return n
      },
    })
    const { model, run } = setup(
      [calls(['a', 'wait', { n: 0 }], ['b', 'wait', { n: 1 }], ['c', 'wait', { n: 2 }]), says('ok')],
      { tools: [wait], toolConcurrency: 2 },
    )
    const result = run()
    await expect.poll(() => running).toEqual([0, 1])
    gates[1]?.open()
    await expect.poll(() => running).toEqual([0, 2])
    gates[2]?.open()
    gates[0]?.open()
    expect(await result).toBe('ok')
    expect(most).toBe(2)
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      content: [
        { callId: 'a', output: 0 },
        { callId: 'b', output: 1 },
        { callId: 'c', output: 2 },
      ],
    })
  })

  test.each([
    ['arguments that do not match', ['c', 'spy', { wrong: 1 }], /do not match/, 'tool/invalid-arguments'],
    ['arguments that are not JSON', ['c', 'spy', '{"a":'], /not JSON/, 'tool/invalid-arguments'],
    ['an unknown tool', ['c', 'other', {}], /no tool "other"/, 'tool/not-found'],
    [
      'a schema that throws',
      ['c', 'throwing', {}],
      /could not be checked: bad schema/,
      'tool/invalid-arguments',
    ],
  ] as const)(
    '%s: never executed, an error result for the model, recorded once [AGT-11]',
    async (_title, call, text, code) => {
      let executed = 0
      const execute = () => ++executed
      const spy = defineTool({
        name: 'spy',
        description: 'Spies.',
        input: z.object({ a: z.number() }),
        execute,
      })
      const schema = z.object({}).refine(() => {
        throw new Error('bad schema')
      })
      const throwing = defineTool({ name: 'throwing', description: 'Throws.', input: schema, execute })
      const { model, harness, run } = setup([calls(call), says('ok')], { tools: [spy, throwing] })
      expect(await run('go', 's', { durable: { runId: 'r' } })).toBe('ok')
      expect(executed).toBe(0)
      expect(model.requests[1]?.messages.at(-1)).toEqual({
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            callId: 'c',
            name: call[1],
            output: expect.stringMatching(text),
            isError: true,
          },
        ],
      })
      const finished = (await collect(harness.runs.events('r'))).filter(
        (event) => event.type === 'tool.finished',
      )
      expect(finished).toMatchObject([{ status: 'failed', error: { code } }])
      const session = await harness.getSession('s')
      expect(await session.history.list()).toEqual([
        ...(model.requests[1]?.messages ?? []).slice(1),
        { role: 'assistant', content: [{ type: 'text', text: 'ok' }] },
      ])
    },
  )

  test('two calls with one id execute once [AGT-12]', async () => {
    let executed = 0
    const count = defineTool({
      name: 'count',
      description: 'Counts.',
      input: z.object({}),
      execute: () => ++executed,
    })
    const { model, run } = setup([calls(['same', 'count', {}], ['same', 'count', {}]), says('ok')], {
      tools: [count],
    })
    await run()
    expect(executed).toBe(1)
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({ content: [{ callId: 'same', output: 1 }] })
  })

  test('a tool that throws gives an error result', async () => {
    const fail = defineTool({
      name: 'fail',
      description: 'Fails.',
      input: z.object({}),
      execute: () => {
        throw new Error('no luck')
      },
    })
    const { model, run } = setup([calls(['c', 'fail', {}]), says('ok')], { tools: [fail] })
    expect(await run()).toBe('ok')
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      content: [{ output: 'no luck', isError: true }],
    })
  })

  test('a tool result that its output schema refuses is an error result', async () => {
    const odd = defineTool({
      name: 'odd',
      description: 'Odd.',
      input: z.object({}),
      output: z.number(),
      execute: () => 'text' as never,
    })
    const { model, harness, run } = setup([calls(['c', 'odd', {}]), says('ok')], { tools: [odd] })
    await run('go', 's', { durable: { runId: 'r' } })
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({ content: [{ isError: true }] })
    const events = await collect(harness.runs.events('r'))
    expect(events.find((event) => event.type === 'tool.finished')).toMatchObject({
      error: { code: 'tool/failed' },
    })
  })

  test('a tool gets the ids of its run and a key that is the same for every attempt [STEP-17]', async () => {
    const seen: unknown[] = []
    const look = defineTool({
      name: 'look',
      description: 'Looks.',
      input: z.object({}),
      execute: (_input, { runId, sessionId, callId, attempt, idempotencyKey, metadata, signal }) => {
        seen.push({ runId, sessionId, callId, attempt, idempotencyKey, metadata, aborted: signal.aborted })
      },
    })
    const { run } = setup([calls(['c', 'look', {}]), says('ok')], { tools: [look] })
    await run('go', 's', { durable: { runId: 'r' }, metadata: { tenant: 7 } })
    expect(seen).toEqual([
      {
        runId: 'r',
        sessionId: 's',
        callId: 'c',
        attempt: 1,
        idempotencyKey: 'r:tool-1-1',
        metadata: { tenant: 7 },
        aborted: false,
      },
    ])
  })

  test('instructions may be a function of the input, and prompt writes the user message', async () => {
    const { model, run } = setup([says('ok')], {
      input: z.object({ name: z.string() }),
      instructions: (input: unknown) => `Greet ${(input as { name: string }).name}.`,
      prompt: (input: unknown) => `I am ${(input as { name: string }).name}`,
    })
    await run({ name: 'Ada' })
    expect(model.requests[0]?.messages).toEqual([
      { role: 'system', content: 'Greet Ada.' },
      { role: 'user', content: [{ type: 'text', text: 'I am Ada' }] },
    ])
  })

  test('an input that is not text is shown as JSON', async () => {
    const { model, run } = setup([says('ok')], { input: z.object({ n: z.number() }) })
    await run({ n: 1 })
    expect(model.requests[0]?.messages[1]).toMatchObject({ content: [{ text: '{"n":1}' }] })
  })
})

describe('limits of an agent', () => {
  test('maxSteps ends the loop as agent/budget [AGT-4]', async () => {
    const again = calls(['c', 'add', { a: 1, b: 1 }])
    const { model, run } = setup([again, again, again], { maxSteps: 2 })
    expect(await failureOf(run())).toMatchObject({
      code: 'agent/budget',
      meta: { limit: 'maxSteps', value: 2 },
    })
    expect(model.requests).toHaveLength(2)
  })

  test('16 steps are the default [AGT-3]', async () => {
    const { model, run } = setup(Array.from({ length: 17 }, () => calls(['c', 'add', { a: 1, b: 1 }])))
    expect(await failureOf(run())).toMatchObject({ code: 'agent/budget', meta: { value: 16 } })
    expect(model.requests).toHaveLength(16)
  })

  test('maxToolCalls counts over all turns, and no call of a turn beyond it runs [AGT-4]', async () => {
    let executed = 0
    const count = defineTool({
      name: 'count',
      description: 'Counts.',
      input: z.object({}),
      execute: () => ++executed,
    })
    const { run } = setup([calls(['a', 'count', {}], ['b', 'count', {}]), calls(['c', 'count', {}])], {
      tools: [count],
      maxToolCalls: 2,
    })
    expect(await failureOf(run())).toMatchObject({
      code: 'agent/budget',
      meta: { limit: 'maxToolCalls', value: 2 },
    })
    expect(executed).toBe(2)
  })
})

describe('finish reasons', () => {
  test.each([
    ['length', 'model/length'],
    ['context_limit', 'model/context-length'],
    ['refusal', 'agent/refusal'],
    ['content_filter', 'model/content-filter'],
    ['malformed', 'model/malformed'],
    ['error', 'model/malformed'],
    ['cancelled', 'model/malformed'],
  ] as const)('%s is %s, never an answer [MOD-11, MOD-15]', async (reason, code) => {
    const { run } = setup([finishes(reason, 'half an answer')])
    expect(await failureOf(run())).toMatchObject({ code, meta: { agent: 'helper', finishReason: reason } })
  })

  test('pause asks the model again with what it has said [MOD-15]', async () => {
    const { model, run } = setup([finishes('pause', 'thinking'), says('done')])
    expect(await run()).toBe('done')
    expect(model.requests[1]?.messages.at(-1)).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'thinking' }],
    })
  })
})
