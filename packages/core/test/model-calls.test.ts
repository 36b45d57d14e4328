import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  defineAgent,
  defineHarness,
  defineTool,
  defineWorkflow,
  type AgentInit,
  type Prompt,
} from '../src/index.ts'
import {
  PortError,
  type FilePart,
  type ModelCapability,
  type ModelPart,
  type ModelRequest,
} from '../src/ports/index.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { calls, finishes, says, scriptedModel, silence, type Turn } from './fixtures/scripted-model.ts'

const picture: FilePart = { type: 'file', mediaType: 'image/png', data: 'iVBORw0=' }
const tooLong = new PortError({ code: 'model/context-length', message: 'too long' })
const down = new PortError({ code: 'model/server', message: 'down', retryable: true })

type Init = Partial<AgentInit<'main', z.ZodType, z.ZodType>>

function setup(script: readonly Turn[], init: Init = {}, capabilities?: readonly ModelCapability[]) {
  const clock = manualPlatform()
  const model = scriptedModel(script, capabilities)
  const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', ...init })
  const store = storeOn(clock)
  const harness = defineHarness({
    name: 'test',
    models: { main: model },
    agents: { agent },
    platform: clock,
    store,
  })
  const run = async (input: unknown = 'go', options = {}) => {
    const session = await harness.getSession('s')
    return clock.until(session.agents.agent.run(input, { durable: { runId: 'r' }, timeoutMs: 0, ...options }))
  }
  return { clock, model, harness, store, run, events: () => collect(harness.runs.events('r')) }
}

describe('files in the prompt of an agent', () => {
  const looks = { prompt: (input: unknown): Prompt => [{ type: 'text', text: String(input) }, picture] }

  test('reach a model that sees, join the history and are there for the next run', async () => {
    const { model, run, harness } = setup([says('a cat'), says('yes')], looks, ['text', 'vision'])
    expect(await run('what?')).toBe('a cat')
    expect(model.requests[0]?.messages.at(-1)).toEqual({
      role: 'user',
      content: [{ type: 'text', text: 'what?' }, picture],
    })
    const session = await harness.getSession('s')
    expect(JSON.stringify(await session.history.list())).toContain(picture.data)
    await run('sure?', { durable: { runId: 'second' } })
    expect(model.requests[1]?.messages.filter(({ role }) => role === 'user')).toHaveLength(2)
  })

  test.each([
    ['image/png', 'vision'],
    ['audio/wav', 'audio'],
    ['application/pdf', 'file'],
  ] as const)('%s needs "%s", before any I/O [MOD-5]', async (mediaType, capability) => {
    const prompt = (): Prompt => [{ type: 'file', mediaType, data: 'AA==' }]
    const { model, run } = setup([], { prompt }, [
      'text',
      ...(['vision', 'audio', 'file'] as const).filter((one) => one !== capability),
    ])
    expect(await failureOf(run())).toMatchObject({
      code: 'model/capability',
      meta: { alias: 'main', capability },
    })
    expect(model.requests).toEqual([])
    const able = setup([says('ok')], { prompt }, ['text', capability])
    expect(await able.run()).toBe('ok')
  })

  test('over the inline limit go to the blobs, and come back whole', async () => {
    const data = 'QUJD'.repeat(30_000)
    const prompt = (): Prompt => [{ ...picture, data }]
    const { model, run, events, harness } = setup([says('big')], { prompt }, ['text', 'vision'])
    await run()
    expect(model.requests[0]?.messages.at(-1)).toMatchObject({ content: [{ data }] })
    expect((await events()).find(({ type }) => type === 'model.finished')).toMatchObject({
      blob: { bytes: expect.any(Number) },
    })
    const session = await harness.getSession('s')
    expect((await session.history.list())[0]).toMatchObject({ content: [{ data }] })
  })

  test.each([
    ['no parts', [], /text or a list/],
    ['a number', 7, /text or a list/],
    ['a part of another type', [{ type: 'image' }], /part 1 must have the type/],
    ['a text without text', [picture, { type: 'text' }], /part 2 has no text/],
    ['no media type', [{ type: 'file', mediaType: 'png', data: 'AA==' }], /mediaType/],
    ['no data', [{ type: 'file', mediaType: 'image/png', data: '' }], /needs data/],
    [
      'a data: URL',
      [{ type: 'file', mediaType: 'image/png', data: 'data:image/png;base64,AA==' }],
      /data: URL/,
    ],
  ])('a prompt that is %s is validation/input', async (_title, prompt, message) => {
    const { run } = setup([], { prompt: () => prompt as never }, ['text', 'vision'])
    expect(await failureOf(run())).toMatchObject({
      code: 'validation/input',
      message: expect.stringMatching(message),
    })
  })
})

describe('ctx.models.<alias>.generate', () => {
  async function generate(init: object, script: readonly Turn[], capabilities: readonly ModelCapability[]) {
    const model = scriptedModel(script, capabilities)
    const workflow = defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.unknown(),
      models: { main: ['text'] },
      run: (ctx) => ctx.models.main.generate(init as never),
    })
    const harness = defineHarness({ name: 't', models: { main: model }, workflows: { workflow } })
    const session = await harness.getSession('s')
    return { model, result: session.workflows.workflow.run(null, { durable: { runId: 'r' } }), harness }
  }

  test('takes parts and a conversation before them, and keeps the reason of the provider', async () => {
    const messages = [
      { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'hello' }] },
    ]
    const answer: ModelPart[] = [
      { type: 'text-delta', text: 'a cat' },
      { type: 'finish', reason: 'stop', rawReason: 'end_turn', usage: {} },
    ]
    const { model, result, harness } = await generate(
      { prompt: [picture], messages, system: 's' },
      [answer],
      ['text', 'vision'],
    )
    expect(await result).toEqual({ output: 'a cat', finishReason: 'stop', rawReason: 'end_turn', usage: {} })
    expect(model.requests[0]?.messages).toEqual([
      { role: 'system', content: 's' },
      ...messages,
      { role: 'user', content: [picture] },
    ])
    const finished = (await collect(harness.runs.events('r'))).find(({ type }) => type === 'model.finished')
    expect(finished).toMatchObject({ label: { finishReason: 'stop', rawReason: 'end_turn' } })
  })

  test('needs the capability for its parts, and parts that are parts', async () => {
    const blind = await generate({ prompt: [picture] }, [], ['text'])
    expect(await failureOf(blind.result)).toMatchObject({
      code: 'model/capability',
      meta: { capability: 'vision' },
    })
    const wrong = await generate({ prompt: [{ type: 'image' }] }, [], ['text'])
    expect(await failureOf(wrong.result)).toMatchObject({
      code: 'validation/options',
      meta: { field: 'prompt' },
    })
  })

  test.each([
    'stop',
    'length',
    'context_limit',
    'content_filter',
    'refusal',
    'pause',
    'malformed',
    'cancelled',
    'error',
  ] as const)('says that it ended with %s [MOD-15]', async (reason) => {
    expect(await (await generate({ prompt: 'p' }, [finishes(reason, 'x')], ['text'])).result).toMatchObject({
      finishReason: reason,
    })
  })
})

describe('a conversation that does not fit', () => {
  const long = 'x'.repeat(20_000)
  const dump = defineTool({
    name: 'dump',
    description: 'D.',
    input: z.object({}),
    effect: 'read',
    execute: () => long,
  })
  const outputIn = (request: ModelRequest | undefined): unknown => {
    const message = request?.messages.find(({ role }) => role === 'tool')
    return message?.role === 'tool' ? message.content[0]?.output : undefined
  }

  test('is asked once more with its long tool results cut, and stays whole in the history [AGT-14, AGT-16]', async () => {
    const { model, run, events, harness } = setup([calls(['c', 'dump', {}]), tooLong, says('ok')], {
      tools: [dump],
    })
    expect(await run()).toBe('ok')
    expect(model.requests).toHaveLength(3)
    expect(outputIn(model.requests[1])).toBe(long)
    expect(outputIn(model.requests[2])).toMatch(/^x{2600}\n\[… 16100 bytes left out …\]\nx{1300}$/)
    expect((await events()).filter(({ type }) => type === 'model.finished')).toHaveLength(2)
    expect((await events()).filter(({ type }) => type === 'step.retried')).toEqual([])
    const history = await (await harness.getSession('s')).history.list()
    expect(JSON.stringify(history)).toContain(long)
  })

  test('fails when it does not fit then either [AGT-14]', async () => {
    const { model, run } = setup([calls(['c', 'dump', {}]), tooLong, tooLong], { tools: [dump] })
    expect(await failureOf(run())).toMatchObject({ code: 'model/context-length' })
    expect(model.requests).toHaveLength(3)
  })

  test('is made smaller once in a step, also over retries', async () => {
    const script = [calls(['c', 'dump', {}]), tooLong, down, tooLong]
    const { model, run } = setup(script, { tools: [dump] })
    expect(await failureOf(run())).toMatchObject({ code: 'model/context-length' })
    expect(outputIn(model.requests[3])).not.toBe(long)
    expect(model.requests).toHaveLength(4)
  })

  test('a process that goes on with the run asks neither turn again', async () => {
    const clock = manualPlatform()
    const shared = storeOn(clock)
    const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [dump] })
    let turns = 0
    const store = mortalStore(shared, (batch) => {
      if (typesOf(batch).includes('model.finished')) turns++
    })
    const harnessOf = (name: string, script: readonly Turn[], over: object) =>
      defineHarness({
        name: 'test',
        models: { main: scriptedModel(script) },
        agents: { agent },
        platform: clock.process(name),
        store: shared,
        ...over,
      })
    const first = await harnessOf(
      'process-1',
      [calls(['c', 'dump', {}]), tooLong, calls(['d', 'dump', {}]), silence],
      { store },
    ).getSession('s')
    void first.agents.agent.run('go', { durable: { runId: 'r' } }).catch(() => undefined)
    await clock.settle()
    expect(turns).toBe(2)
    store.die()
    clock.dead.add('process-1')
    const second = await harnessOf('process-2', [says('done')], {}).getSession('s')
    expect(await clock.until(second.agents.agent.run('go', { durable: { runId: 'r' } }))).toBe('done')
  })
})

describe('model.object.partial', () => {
  const output = z.object({ title: z.string(), tags: z.array(z.string()) })
  const stream = async (texts: readonly string[], init: Init = { output }) => {
    const answer: ModelPart[] = texts.map((text) => ({ type: 'text-delta', text }))
    const { harness } = setup([[...answer, { type: 'finish', reason: 'stop', usage: {} }]], init)
    const session = await harness.getSession('s')
    const events = await collect(session.agents.agent.stream('go'))
    return events.flatMap((event) => (event.type === 'model.object.partial' ? [event] : []))
  }

  test('says what is known of a structured answer while it arrives [EVT-11]', async () => {
    const partials = await stream(['{"ti', 'tle":"On ', 'belays","tags":["a"', ',"b"]}'])
    expect(partials.map(({ value }) => value)).toEqual([
      {},
      { title: 'On ' },
      { title: 'On belays', tags: ['a'] },
      { title: 'On belays', tags: ['a', 'b'] },
    ])
    expect(partials[0]).toMatchObject({ key: 'model-1', attempt: 1, agent: 'helper' })
  })

  test('come of no text answer, and cost a fixed multiple of a long one', async () => {
    expect(await stream(['{"title":"x"}'], {})).toEqual([])
    const words = Array.from({ length: 5_000 }, () => 'word ')
    const partials = await stream(['{"tags":[],"title":"', ...words, '"}'])
    const parsed = partials.reduce((sum, { value }) => sum + JSON.stringify(value).length, 0)
    expect(partials.at(-1)?.value).toEqual({ tags: [], title: words.join('') })
    expect(partials.length).toBeLessThan(300)
    expect(parsed).toBeLessThan(20 * 25_000)
  })
})

test("an alias's settings hold for each call, and those of the agent go before them [MOD-2]", async () => {
  const model = scriptedModel([says('ok')])
  const settings = { temperature: 0.5, seed: 7 }
  const agent = defineAgent({ name: 'a', model: 'main', instructions: 'x', settings: { temperature: 0.1 } })
  const harness = defineHarness({ name: 't', models: { main: { model, settings } }, agents: { agent } })
  await (await harness.getSession('s')).agents.agent.run('go')
  expect(model.requests[0]?.settings).toEqual({ temperature: 0.1, seed: 7 })
})

test('a model that never waits loses no delta for a reader that keeps up', async () => {
  const words = Array.from({ length: 20_000 }, (_, n): ModelPart => ({ type: 'text-delta', text: `${n};` }))
  const { harness } = setup([[...words, { type: 'finish', reason: 'stop', usage: {} }]])
  const session = await harness.getSession('s')
  let text = ''
  for await (const event of session.agents.agent.stream('go')) {
    expect(event.type).not.toBe('stream.overflow')
    if (event.type === 'model.delta') text += event.text
  }
  expect(text).toBe(Array.from({ length: 20_000 }, (_, n) => `${n};`).join(''))
})

test('a model that never waits leaves the process its turns of the event loop', async () => {
  const model = async function* (): AsyncGenerator<ModelPart> {
    let turned = false
    setImmediate(() => (turned = true))
    for (let sent = 0; sent < 1_000; sent++) yield { type: 'reasoning-delta', text: 'x' }
    yield* says(String(turned))
  }
  expect(await setup([model]).run()).toBe('true')
})

test('leaving a stream of the model tells the provider: what follows a malformed part is not read [MOD-19]', async () => {
  let left = false
  const model = async function* (): AsyncGenerator<ModelPart> {
    try {
      yield { type: 'banana' } as never
      yield* says('ok')
    } finally {
      left = true
    }
  }
  const { run } = setup([model])
  expect(await failureOf(run())).toMatchObject({ code: 'model/malformed' })
  expect(left).toBe(true)
})

test('a wait of our own that is too long says how long it would have been [MOD-12]', async () => {
  const clock = manualPlatform()
  const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.' })
  const retry = { minDelayMs: 4_000, maxWaitMs: 1_000 }
  const models = { main: { model: scriptedModel([down]), retry } }
  const harness = defineHarness({
    name: 't',
    models,
    agents: { agent },
    platform: clock,
    store: storeOn(clock),
  })
  const session = await harness.getSession('s')
  expect(await failureOf(clock.until(session.agents.agent.run('go')))).toMatchObject({
    code: 'model/server',
    meta: { retryAfterMs: 2_000 },
  })
  expect(clock.monotonic()).toBe(0)
})
