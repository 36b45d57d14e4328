import type { JsonObject, Model, ModelCapability } from '@belay/core/ports'
import { chatModel } from './chat/chat-model.ts'
import { embeddingsModel } from './embeddings/embeddings-model.ts'
import { rerankModel } from './rerank/rerank-model.ts'

/** Options of `openaiCompatible`. */
export interface OpenAICompatibleOptions {
  /** Up to and without `/chat/completions`, for example `http://localhost:11434/v1`. */
  readonly baseURL: string
  /** Sent as a bearer token. Default: none; the environment is not read, so that no key of another provider leaks. */
  readonly apiKey?: string
  /** Sent with each request; none by default. */
  readonly headers?: Readonly<Record<string, string>>
  /** Names the provider in models, errors and `providerOptions`. Default: `openai-compatible`. */
  readonly name?: string
  /** What the language models can do. Default: `text`, `object`, `tools`. */
  readonly capabilities?: readonly ModelCapability[]
  /** Fields of the request's body, such as `{ top_k: 20 }`. Those of a request go before them. */
  readonly providerOptions?: JsonObject
  /** Most texts that the server embeds at once. Default 2,048. */
  readonly maxEmbedValues?: number
  /** Default: the global one. Asked once per call. */
  readonly fetch?: typeof globalThis.fetch
}

/** The models of one server. */
export interface OpenAICompatible {
  /** A language model, at `/chat/completions`. */
  (modelId: string): Model
  /** An embedding model, at `/embeddings`. */
  embedding(modelId: string): Model
  /** A model that ranks documents, at `/rerank`. */
  reranker(modelId: string): Model
}

/** Models behind a server that speaks OpenAI's chat completions: Ollama, vLLM, LM Studio, llama.cpp and others. */
export function openaiCompatible(options: OpenAICompatibleOptions): OpenAICompatible {
  const {
    name = 'openai-compatible',
    capabilities = ['text', 'object', 'tools'],
    providerOptions,
    fetch,
  } = options
  if (!URL.canParse(options.baseURL))
    throw new TypeError('openaiCompatible() needs a `baseURL` that is a URL.')
  const headers = {
    ...(options.apiKey !== undefined && { authorization: `Bearer ${options.apiKey}` }),
    ...options.headers,
  }
  const server = {
    provider: name,
    baseURL: () => options.baseURL,
    headers: () => headers,
    providerOptions,
    fetch,
  }
  const id = 'openai-compatible'
  const language = (modelId: string): Model =>
    chatModel({ ...server, id, modelId, capabilities, maxTokensField: 'max_tokens' })
  const { maxEmbedValues } = options
  return Object.assign(language, {
    embedding: (modelId: string) => embeddingsModel(id, { ...server, modelId, maxEmbedValues }),
    reranker: (modelId: string) => rerankModel(id, { ...server, modelId }),
  })
}
