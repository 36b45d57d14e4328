import type { Model } from '@belay/core/ports'
import { openaiKey } from './api-key.ts'
import { embeddingsModel } from './embeddings/embeddings-model.ts'
import { openaiBaseURL, openaiHeaders, type OpenAIOptions } from './openai.ts'

/** Options of `openaiEmbedding`. */
export type OpenAIEmbeddingOptions = Omit<OpenAIOptions, 'api' | 'capabilities'>

/** An embedding model of OpenAI. Nothing is read or connected before the first call. */
export function openaiEmbedding(modelId: string, options: OpenAIEmbeddingOptions = {}): Model {
  const headers = openaiHeaders(options)
  return embeddingsModel('openai', {
    provider: 'openai',
    modelId,
    baseURL: () => openaiBaseURL(options),
    headers: () => ({ authorization: `Bearer ${openaiKey(options.apiKey)}`, ...headers }),
    providerOptions: options.providerOptions,
    fetch: options.fetch,
  })
}
