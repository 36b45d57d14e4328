import { normalizeUsage, type JsonObject, type Model } from '@belay/core/ports'
import { adapterInfo } from './adapter-info.ts'
import { mergeOptions } from './ai-sdk/call-options.ts'
import { sdkError } from './ai-sdk/sdk-error.ts'
import type { AiSdkEmbeddingModel, AiSdkRerankingModel } from './ai-sdk/vector-models.ts'
import { callOnce } from './call-once.ts'
import type { CallScope } from './call-scope.ts'
import { wholeVectors } from './embeddings/vectors.ts'
import { located, unsupportedError } from './errors/answer-error.ts'
import { withoutText } from './no-text.ts'
import type { AnyRequest } from './prompt/request-texts.ts'
import { wholeRanking } from './rerank/ranking.ts'
import { requestScope } from './request-scope.ts'

/** Options of `aiSdkEmbedding` and `aiSdkReranker`. */
export interface AiSdkVectorOptions {
  /** The AI SDK's options by provider. Those of a request go before them. */
  readonly providerOptions?: JsonObject
  /** Credentials that the model was built with, so that they are taken out of its error messages. */
  readonly secrets?: readonly string[]
}

/** Options of `aiSdkEmbedding`. */
export interface AiSdkEmbeddingOptions extends AiSdkVectorOptions {
  /** Most values at once, for a model that only tells it asynchronously. Default: what the model says. */
  readonly maxEmbedValues?: number
}

/** An embedding model of the AI SDK: one request, without the SDK's retries and splitting. */
export function aiSdkEmbedding(model: AiSdkEmbeddingModel, options: AiSdkEmbeddingOptions = {}): Model {
  checkModel('aiSdkEmbedding', model, 'doEmbed')
  const { provider, modelId, maxEmbeddingsPerCall } = model
  const stated = typeof maxEmbeddingsPerCall === 'number' ? maxEmbeddingsPerCall : undefined
  const maxEmbedValues = options.maxEmbedValues ?? stated
  return {
    info: adapterInfo('ai-sdk', ['embeddings']),
    provider,
    modelId,
    capabilities: ['embeddings'],
    ...(maxEmbedValues !== undefined && { maxEmbedValues }),
    generate: withoutText(`${modelId} embeds and writes no text`),
    async embed(request, { signal }) {
      signal.throwIfAborted()
      const { values } = request
      if (values.length === 0) return { embeddings: [], usage: {} }
      if (request.dimensions !== undefined)
        throw unsupportedError('the AI SDK has no field for dimensions; give them in providerOptions')
      return callOnce(signal, (scope) =>
        guarded(model.provider, request, options, async () => {
          const most = maxEmbedValues ?? (await maxEmbeddingsPerCall) ?? Infinity
          if (values.length > most) throw unsupportedError(`${modelId} takes at most ${most} values at once`)
          const result = await model.doEmbed({
            values: [...values],
            ...extras(request, options, scope),
          } as never)
          const usage = normalizeUsage({ inputTokens: result.usage?.tokens })
          return { embeddings: wholeVectors(result.embeddings, values.length), usage }
        }),
      )
    },
  }
}

/** A reranking model of the AI SDK: one request, without the SDK's retries. */
export function aiSdkReranker(model: AiSdkRerankingModel, options: AiSdkVectorOptions = {}): Model {
  checkModel('aiSdkReranker', model, 'doRerank')
  const { provider, modelId } = model
  return {
    info: adapterInfo('ai-sdk', ['rerank']),
    provider,
    modelId,
    capabilities: ['rerank'],
    generate: withoutText(`${modelId} ranks and writes no text`),
    async rerank(request, { signal }) {
      signal.throwIfAborted()
      const { query, documents, topN } = request
      if (documents.length === 0) return { ranking: [], usage: {} }
      return callOnce(signal, (scope) =>
        guarded(provider, request, options, async () => {
          const result = await model.doRerank({
            query,
            documents: { type: 'text', values: [...documents] },
            ...(topN !== undefined && { topN }),
            ...extras(request, options, scope),
          } as never)
          // The specification has no place for usage.
          return { ranking: wholeRanking(result.ranking, request), usage: {} }
        }),
      )
    },
  }
}

function extras(request: AnyRequest, options: AiSdkVectorOptions, { signal }: CallScope): object {
  return {
    abortSignal: signal,
    providerOptions: mergeOptions(options.providerOptions, request.providerOptions),
  }
}

/** Whatever the SDK throws becomes an error of the port. */
async function guarded<T>(
  provider: string,
  request: AnyRequest,
  { secrets = [] }: AiSdkVectorOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { context } = requestScope(provider, request, secrets)
  try {
    return await work()
  } catch (error) {
    throw located(sdkError(error, context), context)
  }
}

function checkModel(caller: string, model: object, method: string): void {
  if (typeof (model as Record<string, unknown> | undefined)?.[method] === 'function') return
  throw new TypeError(`${caller}() takes a model of the AI SDK that has ${method}.`)
}
