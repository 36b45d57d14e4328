import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  defineAgent,
  defineHarness,
  defineTool,
  defineWorkflow,
  type Agent,
  type WorkflowContext,
} from '../src/index.ts'
import { PortError, type Message } from '../src/ports/index.ts'
import { failureOf, gate, thrownBy } from './fixtures/collect.ts'
import { calls, finishes, says, scriptedModel, silence, type Turn } from './fixtures/scripted-model.ts'

const nothing = defineTool({
  name: 'nothing',
  description: 'Nothing.',
  input: z.object({}),
  execute: () => null,
})

async function setup(script: readonly Turn[], init: object = {}, defaults: object = {}) {
  const model = scriptedModel(script)
  const agent = defineAgent({
    name: 'helper',
    model: 'main',
    instructions: 'Help.',
    tools: [nothing],
    ...init,
  })
  const writer = defineAgent({ name: 'writer', model: 'main', instructions: 'Write.' })
  const workflow = defineWorkflow({
    name: 'w',
    input: z.custom<(ctx: never) => Promise<unknown>>(),
    output: z.unknown(),
    agents: { writer },
    run: () => null,
  })
  const harness = defineHarness({
    name: 'test',
    models: { main: model },
    agents: { agent },
    workflows: { workflow },
    defaults,
  })
  const session = await harness.getSession('s')
  return { model, harness, session }
}

const texts = (messages: readonly Message[] | undefined): unknown[] =>
  (messages ?? []).flatMap((message) =>
    typeof message.content === 'string'
      ? []
      : message.content.map((part) => ('text' in part ? part.text : part.type)),
  )

function isValid(messages: readonly Message[]): boolean {
  return messages.every((message, index) => {
    const next = messages[index + 1]
    const asked =
      message.role === 'assistant' ? message.content.filter((part) => part.type === 'tool-call') : []
    if (message.role === 'tool') return messages[index - 1]?.role === 'assistant'
    if (asked.length === 0) return true
    return (
      next?.role === 'tool' &&
      next.content.map((part) => part.callId).join() === asked.map((part) => part.callId).join()
    )
  })
}

describe('the history that a model sees', () => {
  const three = [says('1'), says('2'), says('3')]
  test.each([
    ['all messages by default', {}, {}, {}, ['a', '1', 'b', '2', 'c']],
    ['nothing of it with 0', { historyWindow: 0 }, {}, {}, ['c']],
    ['the newest N', { historyWindow: 3 }, {}, {}, ['1', 'b', '2', 'c']],
    ['that of the harness when the agent says nothing', {}, { historyWindow: 1 }, {}, ['2', 'c']],
    ["the agent's before the harness's", { historyWindow: 2 }, { historyWindow: 1 }, {}, ['b', '2', 'c']],
    ["the call's before the agent's", { historyWindow: 2 }, {}, { historyWindow: 1 }, ['2', 'c']],
  ])('is %s [SES-4, SES-13, RUN-18, AGT-2]', async (_title, init, defaults, options, expected) => {
    const { model, session } = await setup(three, init, defaults)
    await session.agents.agent.run('a')
    await session.agents.agent.run('b')
    await session.agents.agent.run('c', options)
    expect(texts(model.requests[2]?.messages)).toEqual(expected)
  })

  test('a negative window is config/definition in a definition and validation/options in a call [SES-14]', async () => {
    const define = () => defineAgent({ name: 'a', model: 'm', instructions: 'x', historyWindow: -1 })
    expect(thrownBy(define).code).toBe('config/definition')
    const { session } = await setup([])
    expect(await failureOf(session.agents.agent.run('a', { historyWindow: -1 }))).toMatchObject({
      code: 'validation/options',
    })
  })
})

describe('a transcript is valid', () => {
  test('after a failure with open calls, which are closed with an error result', async () => {
    const { session } = await setup([calls(['c', 'nothing', {}])], { maxToolCalls: 0 })
    expect(await failureOf(session.agents.agent.run('a'))).toMatchObject({ code: 'agent/budget' })
    const history = await session.history.list()
    expect(history.at(-1)).toEqual({
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          callId: 'c',
          name: 'nothing',
          output: 'The call was not finished.',
          isError: true,
        },
      ],
    })
  })

  test('after a cancellation in the middle of a tool', async () => {
    const started = gate()
    const slow = defineTool({
      name: 'slow',
      description: 'Slow.',
      input: z.object({}),
      execute: (_input, { signal }) => {
        started.open()
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        )
      },
    })
    const { session } = await setup([calls(['c', 'slow', {}])], { tools: [slow] })
    const handle = await session.agents.agent.start('a')
    await started.opened
    await handle.cancel('enough')
    expect(await failureOf(handle.result)).toMatchObject({ code: 'run/cancelled' })
    expect(isValid(await session.history.list())).toBe(true)
    expect((await session.history.list()).at(-1)).toMatchObject({
      role: 'tool',
      content: [{ isError: true }],
    })
  })

  test('after any sequence of runs, whatever their models do [SES-15]', async () => {
    const failure = new PortError({ code: 'model/auth', message: 'no' })
    const turn = fc.constantFrom<Turn>(
      says('x'),
      calls(['c', 'nothing', {}]),
      calls(['c', 'nothing', {}], ['d', 'other', 'x']),
      finishes('length'),
      finishes('pause'),
      failure,
    )
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 12 }), fc.nat({ max: 6 }), async (script, window) => {
        const { model, session } = await setup(script, { maxSteps: 3, historyWindow: window })
        while (model.requests.length < script.length)
          await session.agents.agent.run('go').catch(() => undefined)
        expect(isValid(await session.history.list())).toBe(true)
        for (const request of model.requests) expect(isValid(request.messages)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  test('after a failed run was resumed: its turn is there once', async () => {
    const failure = new PortError({ code: 'model/auth', message: 'no' })
    const { session, model } = await setup([
      calls(['c', 'nothing', {}]),
      failure,
      says('between'),
      says('done'),
    ])
    const durable = { runId: 'r' }
    await failureOf(session.agents.agent.run('a', { durable }))
    expect(texts(await session.history.list())).toEqual(['a', 'tool-call', 'tool-result'])
    await session.agents.agent.run('b')
    expect(await session.agents.agent.run('a', { durable })).toBe('done')
    expect(texts(await session.history.list())).toEqual([
      'b',
      'between',
      'a',
      'tool-call',
      'tool-result',
      'done',
    ])
    expect(texts(model.requests[3]?.messages)).toEqual(['a', 'tool-call', 'tool-result'])
  })
})

describe('messages of children', () => {
  async function run(
    script: readonly Turn[],
    body: (ctx: WorkflowContext<{ writer: Agent<string, string> }>) => Promise<unknown>,
  ) {
    const model = scriptedModel(script)
    const writer = defineAgent({ name: 'writer', model: 'main', instructions: 'Write.' })
    const w = defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.unknown(),
      agents: { writer },
      run: async (ctx) => ((await body(ctx)) ?? null) as never,
    })
    const harness = defineHarness({
      name: 'test',
      models: { main: model },
      agents: { writer },
      workflows: { w },
    })
    const session = await harness.getSession('s')
    const error = await session.workflows.w.run(null).then(
      () => undefined,
      (failure: unknown) => failure,
    )
    return { model, session, error, history: texts(await session.history.list()) }
  }

  test('join the session as one block in the order of completion [DEL-31]', async () => {
    const first = gate()
    const { history } = await run([async () => (await first.opened, says('A')), says('B')], async (ctx) => {
      const slow = ctx.agents.writer('a', { key: 'a' })
      await ctx.agents.writer('b', { key: 'b' })
      first.open()
      await slow
    })
    expect(history).toEqual(['b', 'B', 'a', 'A'])
  })

  test('stay away with history: own, and in a fan-out [DEL-32]', async () => {
    const { history } = await run([says('A'), says('B'), says('C')], async (ctx) => {
      await ctx.agents.writer('a', { history: 'own' })
      await ctx.fanOut('f', [1], (inner) => inner.agents.writer('b'))
      await ctx.agents.writer('c')
    })
    expect(history).toEqual(['c', 'C'])
  })

  test('join from a fan-out when the call says so [DEL-32]', async () => {
    const { history } = await run([says('A')], (ctx) =>
      ctx.fanOut('f', [1], (inner) => inner.agents.writer('a', { history: 'session' })),
    )
    expect(history).toEqual(['a', 'A'])
  })

  test('of a failed or cancelled child are not kept [DEL-33]', async () => {
    const controller = new AbortController()
    const asked = gate()
    const silent: Turn = (request, signal) => (asked.open(), silence(request, signal))
    const { history } = await run([finishes('refusal', 'no'), silent, says('C')], async (ctx) => {
      await ctx.agents.writer('a').catch(() => undefined)
      const second = ctx.agents.writer('b', { signal: controller.signal, key: 'b' })
      await ctx.step('wait', () => asked.opened)
      controller.abort()
      await second.catch(() => undefined)
      await ctx.agents.writer('c')
    })
    expect(history).toEqual(['c', 'C'])
  })

  test('are not seen by the children after them: each sees the history as it stood when the run began [DEL-30]', async () => {
    const { model, session } = await run([says('A'), says('B'), says('later'), says('C')], async (ctx) => {
      await ctx.agents.writer('a')
      await ctx.agents.writer('b')
    })
    expect(texts(model.requests[1]?.messages)).toEqual(['b'])
    await session.agents.writer.run('c')
    expect(texts(model.requests[2]?.messages)).toEqual(['a', 'A', 'b', 'B', 'c'])
  })
})
