import type { LanguageModelV2, LanguageModelV3, LanguageModelV4 } from '@ai-sdk/provider'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { aiSdkModel, type AiSdkLanguageModel } from '../src/index.ts'
import { collect, failureOf, hello } from './request.ts'

/** A hand-made model of any version that gives these parts. */
function spec(specificationVersion: 'v2' | 'v3' | 'v4', parts: readonly unknown[]): AiSdkLanguageModel {
  return {
    specificationVersion,
    provider: 'made',
    modelId: 'by-hand',
    doStream: async () => ({
      stream: new ReadableStream<unknown>({
        start(controller) {
          for (const part of parts) controller.enqueue(part)
          controller.close()
        },
      }),
    }),
  }
}

const flat = { inputTokens: 3, outputTokens: 2, totalTokens: 5, cachedInputTokens: 1 }
const nested = { inputTokens: { total: 3, cacheRead: 1 }, outputTokens: { total: 2 } }

describe('the versions of the specification', () => {
  it('are all taken by the types', () => {
    expectTypeOf<LanguageModelV2>().toExtend<AiSdkLanguageModel>()
    expectTypeOf<LanguageModelV3>().toExtend<AiSdkLanguageModel>()
    expectTypeOf<LanguageModelV4>().toExtend<AiSdkLanguageModel>()
  })

  it.each([
    ['v2', { finishReason: 'stop', usage: flat }],
    ['v3', { finishReason: { unified: 'stop', raw: 'end_turn' }, usage: nested }],
    ['v4', { finishReason: { unified: 'stop', raw: 'end_turn' }, usage: nested }],
  ] as const)('%s answers', async (version, finish) => {
    const model = aiSdkModel(
      spec(version, [
        { type: 'text-delta', id: '0', delta: 'Hi' },
        { type: 'finish', ...finish },
      ]),
    )
    expect(await collect(model)).toEqual([
      { type: 'text-delta', text: 'Hi' },
      {
        type: 'finish',
        reason: 'stop',
        ...(version !== 'v2' && { rawReason: 'end_turn' }),
        usage: { inputTokens: 3, cachedInputTokens: 1, outputTokens: 2 },
      },
    ])
  })

  it('others are misuse', () => {
    expect(() => aiSdkModel({ ...spec('v4', []), specificationVersion: 'v1' as never })).toThrow(TypeError)
    expect(() => aiSdkModel('openai/gpt-5' as never)).toThrow(TypeError)
  })
})

describe('the end of a specification stream', () => {
  it.each([
    [{ unified: 'content-filter', raw: 'refusal' }, 'refusal'],
    [{ unified: 'content-filter', raw: 'content_filter' }, 'content_filter'],
    [{ unified: 'other', raw: 'pause_turn' }, 'pause'],
    [{ unified: 'length', raw: 'model_context_window_exceeded' }, 'context_limit'],
    [{ unified: 'other', raw: 'new word' }, 'error'],
    [{ unified: 'error', raw: undefined }, 'error'],
    ['tool-calls', 'tool_calls'],
  ])('%o is %s', async (finishReason, reason) => {
    expect(
      (await collect(aiSdkModel(spec('v4', [{ type: 'finish', finishReason, usage: nested }])))).at(-1),
    ).toMatchObject({ reason })
  })

  it.each([{ unified: 'interrupted', raw: undefined }, { unified: 'other', raw: undefined }, 'unknown'])(
    '%o is incomplete',
    async (finishReason) => {
      const { error } = await failureOf(
        aiSdkModel(spec('v4', [{ type: 'finish', finishReason, usage: nested }])),
      )
      expect(error).toMatchObject({ code: 'model/incomplete', retryable: true })
    },
  )

  it('is the first finish; an error goes before it', async () => {
    const finish = { type: 'finish', finishReason: 'stop', usage: flat }
    expect(
      await collect(aiSdkModel(spec('v2', [finish, finish, { type: 'text-delta', delta: 'late' }]))),
    ).toHaveLength(1)
    const { error } = await failureOf(
      aiSdkModel(spec('v2', [{ type: 'error', error: 'overloaded' }, finish])),
    )
    expect(error).toMatchObject({ code: 'model/server', meta: { providerMessage: 'overloaded' } })
  })
})

describe('what a specification model throws', () => {
  const throwing = (error: unknown) =>
    aiSdkModel({
      ...spec('v4', []),
      doStream: async () => {
        throw error
      },
    })
  const named = (name: string, fields: object = {}) =>
    Object.assign(new Error('quotes the prompt: Say hello.'), { name, ...fields })

  it.each([
    [named('AI_LoadAPIKeyError'), 'model/auth', false],
    [named('AI_UnsupportedFunctionalityError'), 'model/bad-request', false],
    [named('AI_TypeValidationError', { value: 'Say hello.' }), 'model/malformed', false],
    [
      named('AI_APICallError', { statusCode: 529, requestBodyValues: hello, isRetryable: true }),
      'model/server',
      true,
    ],
    [
      named('AI_APICallError', { cause: { code: 'ECONNREFUSED' }, requestBodyValues: hello }),
      'model/network',
      true,
    ],
    [named('AI_APICallError', { statusCode: 200, cause: { code: 'ECONNRESET' } }), 'model/incomplete', true],
    [named('TimeoutError'), 'model/timeout', true],
    [new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } }), 'model/network', true],
    [new TypeError('x is not a function'), 'model/malformed', false],
    ['words', 'model/server', true],
    [undefined, 'model/server', true],
  ])('%o is %s', async (thrown, code, retryable) => {
    const { error } = await failureOf(throwing(thrown))
    expect(error).toMatchObject({ code, retryable })
    expect(JSON.stringify([error, (error as Error).message, (error as Error).cause])).not.toContain(
      'Say hello.',
    )
  })
})

describe('parts', () => {
  it('of tools that the provider ran, sources and files are no calls of the application', async () => {
    const parts = [
      { type: 'tool-call', toolCallId: 'a', toolName: 'web_search', input: '{}', providerExecuted: true },
      { type: 'source', url: 'https://example.com' },
      { type: 'finish', finishReason: 'stop', usage: flat },
    ]
    expect(await collect(aiSdkModel(spec('v2', parts)))).toMatchObject([{ type: 'finish', reason: 'stop' }])
  })

  it('keep the provider’s metadata as plain JSON', async () => {
    const parts = [
      { type: 'reasoning-delta', id: '0', delta: 'Hm' },
      {
        type: 'reasoning-delta',
        id: '0',
        delta: '',
        providerMetadata: { anthropic: { signature: 's', none: undefined } },
      },
      {
        type: 'tool-call',
        toolCallId: 'a',
        toolName: 'add',
        input: '{}',
        providerMetadata: { google: { thoughtSignature: 't' } },
      },
      { type: 'finish', finishReason: 'tool-calls', usage: flat },
    ]
    expect((await collect(aiSdkModel(spec('v2', parts)))).slice(0, 3)).toStrictEqual([
      { type: 'reasoning-delta', text: 'Hm' },
      { type: 'reasoning-delta', text: '', provider: { anthropic: { signature: 's' } } },
      {
        type: 'tool-call',
        callId: 'a',
        name: 'add',
        arguments: '{}',
        provider: { google: { thoughtSignature: 't' } },
      },
    ])
  })

  it.each([7, null, {}, { type: 'text-delta', delta: 7 }, { type: 'tool-call', toolName: 'x', input: '{}' }])(
    '%o is malformed',
    async (part) => {
      const { error } = await failureOf(
        aiSdkModel(spec('v4', [part, { type: 'finish', finishReason: 'stop', usage: flat }])),
      )
      expect(error).toMatchObject({ code: 'model/malformed' })
    },
  )
})
