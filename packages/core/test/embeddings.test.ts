import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineHarness, defineWorkflow, type WorkflowContext, type ModelAlias } from '../src/index.ts'
import { PortError, type Model } from '../src/ports/index.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { embeddingModel } from './fixtures/scripted-model.ts'

const needs = { vectors: ['embeddings', 'rerank'] } as const
type Context = WorkflowContext<Record<never, never>, Record<never, never>, typeof needs>

const workflowOf = (run: (ctx: Context) => Promise<unknown>) =>
  defineWorkflow({ name: 'w', input: z.null(), output: z.unknown(), models: needs, run })

async function setup(model: Model, run: (ctx: Context) => Promise<unknown>, alias: Partial<ModelAlias> = {}) {
  const clock = manualPlatform()
  const harness = defineHarness({
    name: 'test',
    models: { vectors: { model, ...alias } },
    workflows: { workflow: workflowOf(run) },
    platform: clock,
    store: storeOn(clock),
  })
  const session = await harness.getSession('s')
  const result = clock.until(session.workflows.workflow.run(null, { durable: { runId: 'r' } }))
  return { clock, result, events: () => collect(harness.runs.events('r')) }
}

const embedding =
  (values: readonly string[], rest = {}) =>
  (ctx: Context) =>
    ctx.models.vectors.embed({ values, ...rest })
const ranking =
  (documents: readonly string[], rest = {}) =>
  (ctx: Context) =>
    ctx.models.vectors.rerank({ query: 'q', documents, ...rest })
const slow = new PortError({
  code: 'model/rate-limit',
  message: 'no',
  retryable: true,
  meta: { retryAfterMs: 5_000 },
})

/** Answers nothing until it is aborted. */
const hang = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))

describe('ctx.models.<alias>.embed', () => {
  test('gives one vector for each value and records one model step with usage', async () => {
    const model = embeddingModel([
      {
        embeddings: [
          [1, -0],
          [0.25, 3],
        ],
        usage: { inputTokens: 7 },
      },
    ])
    const { result, events } = await setup(model, embedding(['x', 'y'], { dimensions: 2 }))
    expect(await result).toEqual({
      embeddings: [
        [1, 0],
        [0.25, 3],
      ],
      usage: { inputTokens: 7 },
    })
    expect(model.received).toEqual([{ values: ['x', 'y'], dimensions: 2 }])
    expect((await events()).filter((event) => event.type === 'model.finished')).toMatchObject([
      { key: 'embed.vectors', label: { model: 'vectors', usage: { inputTokens: 7 } } },
    ])
  })

  test('splits what the model does not take at once, and a retry goes on where it failed', async () => {
    const part = (...numbers: number[]) => ({
      embeddings: numbers.map((n) => [n]),
      usage: { inputTokens: numbers.length },
    })
    const model = embeddingModel([part(0, 1), slow, part(2, 3), part(4)], { maxEmbedValues: 2 })
    const { result, clock } = await setup(model, embedding(['0', '1', '2', '3', '4']))
    expect(await result).toEqual({ embeddings: [[0], [1], [2], [3], [4]], usage: { inputTokens: 5 } })
    expect(model.received.map((call) => 'values' in call && call.values)).toEqual([
      ['0', '1'],
      ['2', '3'],
      ['2', '3'],
      ['4'],
    ])
    expect(clock.monotonic()).toBe(5_000)
  })

  test('no values need no request', async () => {
    const model = embeddingModel([])
    expect(await (await setup(model, embedding([]))).result).toEqual({ embeddings: [], usage: {} })
  })

  test.each([
    ['a vector too few', [[1]]],
    ['vectors of two lengths', [[1], [1, 2]]],
    ['an empty vector', [[], []]],
    ['no numbers', [['1'], ['2']]],
    ['NaN', [[Number.NaN], [1]]],
    ['no list', null],
  ])('%s is model/malformed', async (_title, embeddings) => {
    const model = embeddingModel([{ embeddings: embeddings as never, usage: {} }])
    expect(await failureOf((await setup(model, embedding(['x', 'y']))).result)).toMatchObject({
      code: 'model/malformed',
    })
  })

  test('is aborted by its time limit, which goes before the alias', async () => {
    const model = embeddingModel([hang])
    const { result, clock } = await setup(model, embedding(['x'], { timeoutMs: 700, retry: false }), {
      timeoutMs: 9,
    })
    expect(await failureOf(result)).toMatchObject({ code: 'operation/timeout', meta: { timeoutMs: 700 } })
    expect(clock.monotonic()).toBe(700)
  })

  test.each([
    ['values', { values: ['x', 1] }],
    ['dimensions', { values: ['x'], dimensions: 0 }],
    ['retry.maxAttempts', { values: ['x'], retry: { maxAttempts: 0 } }],
  ])('%s that is not valid is refused before I/O', async (field, init) => {
    const model = embeddingModel([])
    const { result } = await setup(model, (ctx) => ctx.models.vectors.embed(init as never))
    expect(await failureOf(result)).toMatchObject({ code: 'validation/options', meta: { field } })
  })

  test('a process that goes on with the run asks for nothing again', async () => {
    const clock = manualPlatform()
    const shared = storeOn(clock)
    let recorded = 0
    const store = mortalStore(shared, (batch) => {
      if (typesOf(batch).includes('model.finished')) recorded++
    })
    const run = async (ctx: Context) => {
      const { embeddings } = await ctx.models.vectors.embed({ values: ['x'] })
      await ctx.sleep('pause', 1_000)
      const { ranking: order } = await ctx.models.vectors.rerank({
        query: 'q',
        documents: ['m', 'n'],
        topN: 1,
      })
      return { embeddings, order }
    }
    const harnessOf = (name: string, vectors: Model, over: object) =>
      defineHarness({
        name: 'test',
        models: { vectors },
        workflows: { workflow: workflowOf(run) },
        platform: clock.process(name),
        store: shared,
        ...over,
      })
    const first = harnessOf('process-1', embeddingModel([{ embeddings: [[1]], usage: {} }]), { store })
    void (await first.getSession('s')).workflows.workflow
      .run(null, { durable: { runId: 'r' } })
      .catch(() => undefined)
    await clock.settle()
    expect(recorded).toBe(1)
    store.die()
    clock.dead.add('process-1')
    const last = embeddingModel([{ ranking: [{ index: 1, score: 0.5 }], usage: {} }])
    const session = await harnessOf('process-2', last, {}).getSession('s')
    expect(await clock.until(session.workflows.workflow.run(null, { durable: { runId: 'r' } }))).toEqual({
      embeddings: [[1]],
      order: [{ index: 1, score: 0.5, document: 'n' }],
    })
    expect(last.received).toHaveLength(1)
  })

  test('vectors beyond the inline limit go to the blobs and come back equal', async () => {
    const vectors = Array.from({ length: 20 }, (_, row) =>
      Array.from({ length: 400 }, (_n, n) => Math.sin(row + n / 7)),
    )
    const model = embeddingModel([{ embeddings: vectors, usage: {} }])
    const { result, events } = await setup(model, embedding(vectors.map(String)))
    expect(await result).toEqual({ embeddings: vectors, usage: {} })
    const finished = (await events()).find((event) => event.type === 'model.finished')
    expect(finished).toMatchObject({ blob: { bytes: expect.any(Number) } })
  })
})

describe('ctx.models.<alias>.rerank', () => {
  test('gives the best documents and records positions and scores alone', async () => {
    const model = embeddingModel([
      {
        ranking: [
          { index: 2, score: 0.9 },
          { index: 0, score: 0.1 },
        ],
        usage: { inputTokens: 3 },
      },
    ])
    const { result, events } = await setup(model, ranking(['a', 'b', 'c'], { topN: 2 }))
    expect(await result).toEqual({
      ranking: [
        { index: 2, score: 0.9, document: 'c' },
        { index: 0, score: 0.1, document: 'a' },
      ],
      usage: { inputTokens: 3 },
    })
    expect(model.received).toEqual([{ query: 'q', documents: ['a', 'b', 'c'], topN: 2 }])
    expect((await events()).filter((event) => event.type === 'model.finished')).toMatchObject([
      {
        key: 'rerank.vectors',
        value: {
          ranking: [
            { index: 2, score: 0.9 },
            { index: 0, score: 0.1 },
          ],
        },
      },
    ])
  })

  test('no documents need no request', async () => {
    expect(await (await setup(embeddingModel([]), ranking([]))).result).toEqual({ ranking: [], usage: {} })
  })

  test('is tried again like any call', async () => {
    const model = embeddingModel([slow, { ranking: [{ index: 0, score: 1 }], usage: {} }])
    const { result, clock } = await setup(model, ranking(['a']))
    await result
    expect(clock.monotonic()).toBe(5_000)
  })

  test.each([
    ['a position that is not there', [{ index: 2, score: 1 }]],
    [
      'a position twice',
      [
        { index: 0, score: 1 },
        { index: 0, score: 1 },
      ],
    ],
    [
      'more than were asked for',
      [
        { index: 0, score: 1 },
        { index: 1, score: 1 },
      ],
    ],
    ['a score that is no number', [{ index: 0, score: null }]],
    ['no list', null],
  ])('%s is model/malformed', async (title, list) => {
    const model = embeddingModel([{ ranking: list as never, usage: {} }])
    const most = title.startsWith('more') ? { topN: 1 } : {}
    expect(await failureOf((await setup(model, ranking(['a', 'b'], most))).result)).toMatchObject({
      code: 'model/malformed',
    })
  })

  test.each([
    ['documents', { query: 'q', documents: 'a' }],
    ['query', { query: '', documents: ['a'] }],
    ['topN', { query: 'q', documents: ['a'], topN: 1.5 }],
  ])('%s that is not valid is refused before I/O', async (field, init) => {
    const { result } = await setup(embeddingModel([]), (ctx) => ctx.models.vectors.rerank(init as never))
    expect(await failureOf(result)).toMatchObject({ code: 'validation/options', meta: { field } })
  })
})

describe('what a workflow sees of an alias', () => {
  test.each([
    [['embeddings'], ['embed']],
    [['rerank'], ['rerank']],
    [['text'], ['generate']],
    [
      ['vision', 'embeddings'],
      ['embed', 'generate'],
    ],
  ] as const)('declared as %j it has %j [MOD-6]', async (declared, methods) => {
    const all = ['text', 'vision', 'embeddings', 'rerank'] as const
    const model = embeddingModel([], { capabilities: all })
    const workflow = defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.unknown(),
      models: { main: declared },
      run: (ctx) => Object.keys(ctx.models.main).toSorted(),
    })
    const session = await defineHarness({
      name: 't',
      models: { main: model },
      workflows: { workflow },
    }).getSession('s')
    expect(await session.workflows.workflow.run(null)).toEqual(methods)
  })

  test('a need that nobody knows is config/definition, and every capability is known [MOD-4]', () => {
    const init = { name: 'w', input: z.null(), output: z.null(), run: () => null }
    expect(() => defineWorkflow({ ...init, models: { main: ['sight' as 'vision'] } })).toThrow(
      /"sight"; choose from text, object, tools, vision, audio, file, embeddings, rerank\./,
    )
  })

  test('a model that says embeddings and has no method is model/capability', async () => {
    const liar = embeddingModel([])
    delete (liar as { embed?: unknown }).embed
    expect(await failureOf((await setup(liar, embedding(['x']))).result)).toMatchObject({
      code: 'model/capability',
    })
  })
})
