import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineWorkflow, type ModelAlias } from '../src/index.ts'
import { PortError, type ModelPart } from '../src/ports/index.ts'
import { collect, failureOf, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { embeddingModel, says, scriptedModel, silence, type Turn } from './fixtures/scripted-model.ts'

const agent = defineAgent({ name: 'helper', model: 'a', instructions: 'Help.' })

const fault = (code: ConstructorParameters<typeof PortError>[0]['code'], retryable = true, meta = {}) =>
  new PortError({ code, message: 'no', retryable, meta })
const down = fault('model/server')

type Aliases = Readonly<Record<string, { readonly script: readonly Turn[] } & Omit<ModelAlias, 'model'>>>

function setup(aliases: Aliases) {
  const clock = manualPlatform()
  const scripted = Object.fromEntries(
    Object.entries(aliases).map(([alias, { script }]) => [alias, scriptedModel(script)]),
  )
  const models = Object.fromEntries(
    Object.entries(aliases).map(([alias, { script, ...rest }]) => [
      alias,
      { model: scripted[alias] ?? scriptedModel(script), ...rest },
    ]),
  )
  const harness = defineHarness({
    name: 'test',
    models: models as { a: ModelAlias } & typeof models,
    agents: { agent },
    platform: clock,
    store: storeOn(clock),
  })
  const run = async (options = {}) => {
    const session = await harness.getSession('s')
    return clock.until(session.agents.agent.run('go', { durable: { runId: 'r' }, timeoutMs: 0, ...options }))
  }
  const asked = () =>
    Object.fromEntries(Object.entries(scripted).map(([alias, { requests }]) => [alias, requests.length]))
  return { clock, run, asked, events: () => collect(harness.runs.events('r')) }
}

describe('fallback aliases', () => {
  test('the next alias answers when the attempts of the first are used up, each with its own policy', async () => {
    const { run, asked, events, clock } = setup({
      a: { script: [down, down], retry: { maxAttempts: 2, minDelayMs: 100 }, fallback: ['b', 'c'] },
      b: { script: [down, down, down] },
      c: { script: [says('from c')], retry: false },
    })
    expect(await run()).toBe('from c')
    expect(asked()).toEqual({ a: 2, b: 3, c: 1 })
    const all = await events()
    // Half of 100, then at once, then half of 500 and of 1,000, then at once.
    expect(all.flatMap((event) => (event.type === 'step.retried' ? [event.delayMs] : []))).toEqual([
      50, 0, 250, 500, 0,
    ])
    expect(clock.monotonic()).toBe(800)
    const finished = all.filter((event) => event.type === 'model.finished')
    expect(finished).toMatchObject([{ label: { model: 'c', finishReason: 'stop' }, attempt: 6 }])
  })

  test.each(['model/network', 'model/timeout', 'model/rate-limit', 'model/server'] as const)(
    '%s falls back',
    async (code) => {
      const { run } = setup({
        a: { script: [fault(code)], retry: false, fallback: ['b'] },
        b: { script: [says('b')] },
      })
      expect(await run()).toBe('b')
    },
  )

  test('so does a stream that is silent from the start', async () => {
    const { run, clock } = setup({
      a: { script: [silence], retry: false, idleTimeoutMs: 1_000, fallback: ['b'] },
      b: { script: [says('b')] },
    })
    expect(await run()).toBe('b')
    expect(clock.monotonic()).toBe(1_000)
  })

  test('a wait that is too long for the first alias is no wait for the next', async () => {
    const limited = fault('model/rate-limit', true, { retryAfterMs: 60_000 })
    const { run, asked, clock } = setup({
      a: { script: [limited], fallback: ['b'] },
      b: { script: [says('b')] },
    })
    expect(await run()).toBe('b')
    expect(asked()).toEqual({ a: 1, b: 1 })
    expect(clock.monotonic()).toBe(0)
  })

  test.each([
    'model/auth',
    'model/bad-request',
    'model/context-length',
    'model/content-filter',
    'model/malformed',
  ] as const)('%s does not fall back', async (code) => {
    const { run, asked } = setup({ a: { script: [fault(code, false)], fallback: ['b'] }, b: { script: [] } })
    expect(await failureOf(run())).toMatchObject({ code })
    expect(asked()).toEqual({ a: 1, b: 0 })
  })

  test('nothing falls back once a part was seen', async () => {
    const half = async function* (): AsyncGenerator<ModelPart> {
      yield { type: 'text-delta', text: 'half' }
      throw down
    }
    const { run, asked } = setup({ a: { script: [half], fallback: ['b'] }, b: { script: [] } })
    expect(await failureOf(run())).toMatchObject({ code: 'model/server' })
    expect(asked()).toEqual({ a: 1, b: 0 })
  })

  test('the failure of the last alias is the failure of the call', async () => {
    const { run } = setup({
      a: { script: [down], retry: false, fallback: ['b'] },
      b: { script: [fault('model/auth', false)] },
    })
    expect(await failureOf(run())).toMatchObject({ code: 'model/auth' })
  })

  test('fallbacks have fallbacks of their own, and each alias is tried once', async () => {
    const { run, asked } = setup({
      a: { script: [down], retry: false, fallback: ['b', 'c'] },
      b: { script: [down], retry: false, fallback: ['d'] },
      c: { script: [says('c')], retry: false, fallback: ['d'] },
      d: { script: [down], retry: false },
    })
    expect(await run()).toBe('c')
    expect(asked()).toEqual({ a: 1, b: 1, c: 1, d: 1 })
  })

  test('a process that dies between two aliases is followed by one that asks the second', async () => {
    const clock = manualPlatform()
    const shared = storeOn(clock)
    let retried = 0
    const store = mortalStore(shared, (batch) => {
      if (typesOf(batch).includes('step.retried')) retried++
    })
    const harnessOf = (name: string, b: Turn[], over: object) =>
      defineHarness({
        name: 'test',
        models: {
          a: { model: scriptedModel([down, down]), retry: { maxAttempts: 2 }, fallback: ['b'] },
          b: { model: scriptedModel(b), retry: { maxAttempts: 2 } },
        },
        agents: { agent },
        platform: clock.process(name),
        store: shared,
        ...over,
      })
    const first = await harnessOf('process-1', [down], { store }).getSession('s')
    void first.agents.agent.run('go', { durable: { runId: 'r' } }).catch(() => undefined)
    await clock.advance(300)
    expect(retried).toBe(3)
    store.die()
    clock.dead.add('process-1')
    const second = harnessOf('process-2', [says('b')], {})
    const session = await second.getSession('s')
    expect(await clock.until(session.agents.agent.run('go', { durable: { runId: 'r' } }))).toBe('b')
    const events = await collect(second.runs.events('r'))
    expect(events.filter((event) => event.type === 'model.finished')).toMatchObject([
      { label: { model: 'b' }, attempt: 4 },
    ])
  })

  test('embeddings fall back, and never mix the vectors of two models', async () => {
    const a = embeddingModel([{ embeddings: [[1]], usage: {} }, down], { maxEmbedValues: 1 })
    const b = embeddingModel([
      {
        embeddings: [
          [5, 5],
          [6, 6],
        ],
        usage: { inputTokens: 2 },
      },
    ])
    const workflow = defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.unknown(),
      models: { a: ['embeddings'] },
      run: (ctx) => ctx.models.a.embed({ values: ['x', 'y'] }),
    })
    const models = { a: { model: a, retry: false as const, fallback: ['b'] }, b }
    const session = await defineHarness({ name: 't', models, workflows: { workflow } }).getSession('s')
    expect(await session.workflows.workflow.run(null)).toEqual({
      embeddings: [
        [5, 5],
        [6, 6],
      ],
      usage: { inputTokens: 2 },
    })
  })

  test.each([
    ['an alias that nobody has', { a: ['other'] }, /names the alias "other"/],
    ['a circle', { a: ['b'], b: ['a'] }, /circle: a → b → a/],
    ['itself', { a: ['a'] }, /circle: a → a/],
    ['no list', { a: 'b' }, /must be a list/],
  ])('%s is config/definition', (_title, fallbacks, message) => {
    const models = Object.fromEntries(
      Object.entries(fallbacks).map(([alias, fallback]) => [alias, { model: scriptedModel([]), fallback }]),
    )
    const error = thrownBy(() => defineHarness({ name: 't', models }))
    expect(error).toMatchObject({ code: 'config/definition', message: expect.stringMatching(message) })
  })

  test('every fallback needs the capability, at definition and at a call', async () => {
    const able = scriptedModel([])
    const plain = scriptedModel([], ['embeddings'])
    const models = { a: { model: able, fallback: ['b'] }, b: plain }
    expect(thrownBy(() => defineHarness({ name: 't', models, agents: { agent } }))).toMatchObject({
      code: 'config/definition',
      message: expect.stringContaining('the alias "b"'),
    })
    const spare = { a: able, c: { model: able, fallback: ['b'] }, b: plain }
    const session = await defineHarness({ name: 't', models: spare, agents: { agent } }).getSession('s')
    expect(await failureOf(session.agents.agent.run('go', { model: 'c' }))).toMatchObject({
      code: 'model/capability',
      meta: { alias: 'b', capability: 'text' },
    })
    expect(able.requests).toEqual([])
  })
})
