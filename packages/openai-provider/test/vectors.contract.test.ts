import { APICallError } from '@ai-sdk/provider'
import type { Model } from '@belay/core/ports'
import {
  embeddingContract,
  isEmbeddings,
  isRanking,
  isRefusal,
  rerankContract,
  type ContractCase,
  type VectorScript,
  type VectorSubjectFactory,
} from '@belay/testing'
import { describe, it } from 'vitest'
import { aiSdkEmbedding, aiSdkReranker, openaiCompatible, openaiEmbedding } from '../src/index.ts'
import { startProtocolServer } from './protocol-server.ts'

function overHttp(modelOf: (baseURL: string) => Model): VectorSubjectFactory {
  return {
    async respond(script) {
      const server = await startProtocolServer(script)
      return {
        model: modelOf(server.baseURL),
        received: () => server.requests.map(({ body }) => body),
        openRequests: server.openRequests,
        close: server.close,
      }
    },
  }
}

/** Models of the AI SDK's specifications in process, failing as the SDK's own do. */
function specVectors(modelOf: (ask: (options: object) => Promise<never>) => Model): VectorSubjectFactory {
  return {
    async respond(script) {
      const received: string[] = []
      let open = 0
      const ask = async ({
        abortSignal,
        ...wire
      }: {
        readonly abortSignal?: AbortSignal
      }): Promise<never> => {
        const turn = script[received.length]
        received.push(JSON.stringify(wire))
        open += 1
        try {
          return (await answerOf(turn, abortSignal, wire)) as never
        } finally {
          open -= 1
        }
      }
      return {
        model: modelOf(ask),
        received: () => received,
        openRequests: () => open,
        close: async () => {},
      }
    },
  }
}

async function answerOf(
  turn: VectorScript[number] | undefined,
  signal: AbortSignal | undefined,
  requestBodyValues: unknown,
): Promise<unknown> {
  if (turn === undefined) throw new Error('the script is used up')
  if (isEmbeddings(turn)) {
    const { embeddings, usage } = turn
    return { embeddings, ...(usage && { usage: { tokens: usage.inputTokens } }), warnings: [] }
  }
  if (isRanking(turn))
    return { ranking: turn.ranking.map(({ index, score }) => ({ index, relevanceScore: score })) }
  if (isRefusal(turn)) {
    const { status, headers = {}, cause, message = 'refused' } = turn.refuse
    const data = { error: { message, ...(cause && { code: 'context_length_exceeded' }) } }
    throw new APICallError({
      message,
      url: 'http://spec',
      requestBodyValues,
      statusCode: status,
      responseHeaders: { ...headers },
      responseBody: JSON.stringify(data),
      data,
    })
  }
  const [step] = turn.answer
  if (step?.do === 'reset') {
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    throw new APICallError({ message: 'Cannot connect', url: 'http://spec', requestBodyValues, cause })
  }
  if (step?.do === 'malformed') throw Object.assign(new Error('bad'), { name: 'AI_JSONParseError' })
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

const facts = { specificationVersion: 'v4', provider: 'spec', modelId: 'spec-model' } as const

const embedders: Readonly<Record<string, VectorSubjectFactory>> = {
  openaiEmbedding: overHttp((baseURL) => openaiEmbedding('test-model', { apiKey: 'test-key', baseURL })),
  'openaiCompatible().embedding': overHttp((baseURL) =>
    openaiCompatible({ baseURL }).embedding('test-model'),
  ),
  aiSdkEmbedding: specVectors((ask) => aiSdkEmbedding({ ...facts, maxEmbeddingsPerCall: 500, doEmbed: ask })),
}
const rerankers: Readonly<Record<string, VectorSubjectFactory>> = {
  'openaiCompatible().reranker': overHttp((baseURL) => openaiCompatible({ baseURL }).reranker('test-model')),
  aiSdkReranker: specVectors((ask) => aiSdkReranker({ ...facts, doRerank: ask })),
}

function runCases(cases: readonly ContractCase[]): void {
  for (const contractCase of cases) {
    it(contractCase.title, async (context) => {
      const { skipped } = await contractCase.run()
      if (skipped !== undefined) context.skip(skipped)
    })
  }
}

describe.each(Object.entries(embedders))('the contract of embed on %s', (_, factory) =>
  runCases(embeddingContract(factory)),
)
describe.each(Object.entries(rerankers))('the contract of rerank on %s', (_, factory) =>
  runCases(rerankContract(factory)),
)
