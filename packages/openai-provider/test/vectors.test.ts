import type { EmbeddingModelV2, EmbeddingModelV3, EmbeddingModelV4, RerankingModelV4 } from '@ai-sdk/provider'
import type { Model } from '@belay/core/ports'
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest'
import {
  aiSdkEmbedding,
  aiSdkReranker,
  openaiCompatible,
  openaiEmbedding,
  type AiSdkEmbeddingModel,
  type AiSdkRerankingModel,
} from '../src/index.ts'
import { startProtocolServer, type ProtocolServer, type ServerTurn } from './protocol-server.ts'
import { failureOf } from './request.ts'

const servers: ProtocolServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serverOf(...script: ServerTurn[]): Promise<ProtocolServer> {
  const server = await startProtocolServer(script)
  servers.push(server)
  return server
}

const calm = { signal: new AbortController().signal }
const embed = (model: Model, values: readonly string[], rest = {}) => model.embed?.({ values, ...rest }, calm)
const bodyOf = (server: ProtocolServer): unknown => JSON.parse(server.requests[0]?.body ?? '')

describe('a request for embeddings', () => {
  it('goes to /embeddings with key, dimensions and options', async () => {
    const server = await serverOf({ embeddings: [[1, 2]] })
    const options = {
      apiKey: 'k',
      baseURL: server.baseURL,
      organization: 'org',
      providerOptions: { user: 'u1' },
    }
    await embed(openaiEmbedding('text-embedding-3-small', options), ['a'], {
      dimensions: 2,
      providerOptions: { openai: { user: 'u2' }, other: { x: 1 } },
    })
    expect(server.requests[0]).toMatchObject({
      path: '/v1/embeddings',
      headers: { authorization: 'Bearer k', 'openai-organization': 'org' },
    })
    expect(bodyOf(server)).toEqual({
      model: 'text-embedding-3-small',
      input: ['a'],
      encoding_format: 'float',
      dimensions: 2,
      user: 'u2',
    })
  })

  it('without a key is model/auth and makes no request', async () => {
    const before = process.env['OPENAI_API_KEY']
    delete process.env['OPENAI_API_KEY']
    try {
      const server = await serverOf()
      await expect(embed(openaiEmbedding('m', { baseURL: server.baseURL }), ['a'])).rejects.toMatchObject({
        code: 'model/auth',
      })
      expect(server.requests).toHaveLength(0)
    } finally {
      if (before !== undefined) process.env['OPENAI_API_KEY'] = before
    }
  })

  it.each([
    ['no data', '{"object":"list"}'],
    ['a place twice', '{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}'],
    ['a place beyond', '{"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]}'],
    ['base64', '{"data":[{"index":0,"embedding":"AAAA"},{"index":1,"embedding":"AAAA"}]}'],
    ['a list', '[]'],
    ['a web page', '<html>'],
  ])('%s in the answer is model/malformed', async (_title, text) => {
    const server = await serverOf({
      answer: [{ do: 'raw', text }],
      headers: { 'content-type': 'application/json' },
    })
    await expect(embed(openaiCompatible(server).embedding('m'), ['a', 'b'])).rejects.toMatchObject({
      code: 'model/malformed',
      meta: { requestId: 'req_test' },
    })
  })

  it('takes vectors without numbers in their order, and an error with status 200 for what it is', async () => {
    const headers = { 'content-type': 'application/json' }
    const plain = await serverOf({
      answer: [{ do: 'raw', text: '{"data":[{"embedding":[1]},{"embedding":[2]}]}' }],
      headers,
    })
    expect(await embed(openaiCompatible(plain).embedding('m'), ['a', 'b'])).toMatchObject({
      embeddings: [[1], [2]],
    })
    const failing = await serverOf({
      answer: [{ do: 'raw', text: '{"error":{"code":429,"message":"slow"}}' }],
      headers,
    })
    await expect(embed(openaiCompatible(failing).embedding('m'), ['a'])).rejects.toMatchObject({
      code: 'model/rate-limit',
    })
  })

  it('keeps what was sent, and the key, out of an error that quotes them', async () => {
    const [value, key] = ['my mother was born in Novosibirsk', 'sk-canary-0123456789abcdef']
    const server = await serverOf({ refuse: { status: 400, message: `Bad input ${value} for key ${key}` } })
    const error = await embed(openaiEmbedding('m', { apiKey: key, baseURL: server.baseURL }), [value])?.catch(
      (thrown: unknown) => thrown,
    )
    const shown = JSON.stringify([(error as Error).message, (error as { meta: unknown }).meta])
    expect(shown).toContain('Bad input')
    for (const secret of ['Novosibirsk', key, '0123456789abcdef']) expect(shown).not.toContain(secret)
  })

  it('is refused as text', async () => {
    const server = await serverOf()
    expect((await failureOf(openaiCompatible(server).embedding('m'))).error).toMatchObject({
      code: 'model/bad-request',
    })
    expect(server.requests).toHaveLength(0)
  })

  it('takes as many values at once as the server does', () => {
    const server = { baseURL: 'http://127.0.0.1:1/v1' }
    expect(openaiEmbedding('m').maxEmbedValues).toBe(2_048)
    expect(openaiCompatible({ ...server, maxEmbedValues: 32 }).embedding('m').maxEmbedValues).toBe(32)
  })
})

describe('a request for a ranking', () => {
  it('goes to /rerank, and the best come first whatever the server thinks of topN', async () => {
    const ranking = [0, 1, 2].map((index) => ({ index, score: index / 4 }))
    const server = await serverOf({ ranking, usage: { inputTokens: 9 } })
    const model = openaiCompatible({ ...server, name: 'jina', apiKey: 'k' }).reranker('reranker-1')
    const request = {
      query: 'q',
      documents: ['a', 'b', 'c'],
      topN: 2,
      providerOptions: { jina: { returnDocuments: false } },
    }
    expect(await model.rerank?.(request, calm)).toEqual({
      ranking: [
        { index: 2, score: 0.5 },
        { index: 1, score: 0.25 },
      ],
      usage: { inputTokens: 9 },
    })
    expect(server.requests[0]).toMatchObject({ path: '/v1/rerank', headers: { authorization: 'Bearer k' } })
    expect(bodyOf(server)).toEqual({
      model: 'reranker-1',
      query: 'q',
      documents: ['a', 'b', 'c'],
      top_n: 2,
      return_documents: false,
    })
  })
})

describe('models of the AI SDK', () => {
  it('fit in every version', () => {
    expectTypeOf<EmbeddingModelV2<string>>().toExtend<AiSdkEmbeddingModel>()
    expectTypeOf<EmbeddingModelV3>().toExtend<AiSdkEmbeddingModel>()
    expectTypeOf<EmbeddingModelV4>().toExtend<AiSdkEmbeddingModel>()
    expectTypeOf<RerankingModelV4>().toExtend<AiSdkRerankingModel>()
  })

  it('are asked in the form of the specification', async () => {
    const asked: unknown[] = []
    const answer = (options: unknown) => {
      asked.push(options)
      return Promise.resolve({
        embeddings: [[1]],
        usage: { tokens: 3 },
        ranking: [{ index: 0, relevanceScore: 0.5 }],
      })
    }
    const facts = { specificationVersion: 'v4', provider: 'p', modelId: 'm' } as const
    const embedding = aiSdkEmbedding(
      { ...facts, maxEmbeddingsPerCall: Promise.resolve(1), doEmbed: answer },
      { providerOptions: { p: { a: 1, b: 1 } } },
    )
    expect(await embed(embedding, ['x'], { providerOptions: { p: { b: 2 } } })).toEqual({
      embeddings: [[1]],
      usage: { inputTokens: 3 },
    })
    await expect(embed(embedding, ['x', 'y'])).rejects.toMatchObject({ code: 'model/bad-request' })
    await expect(embed(embedding, ['x'], { dimensions: 3 })).rejects.toMatchObject({
      code: 'model/bad-request',
    })
    const reranker = aiSdkReranker({ ...facts, doRerank: answer })
    expect(await reranker.rerank?.({ query: 'q', documents: ['d'], topN: 1 }, calm)).toEqual({
      ranking: [{ index: 0, score: 0.5 }],
      usage: {},
    })
    expect(asked).toEqual([
      { values: ['x'], abortSignal: expect.any(AbortSignal), providerOptions: { p: { a: 1, b: 2 } } },
      {
        query: 'q',
        documents: { type: 'text', values: ['d'] },
        topN: 1,
        abortSignal: expect.any(AbortSignal),
        providerOptions: {},
      },
    ])
  })

  it('of another kind are a TypeError', () => {
    expect(() => aiSdkEmbedding({} as never)).toThrow(TypeError)
    expect(() => aiSdkReranker(undefined as never)).toThrow(TypeError)
  })
})
