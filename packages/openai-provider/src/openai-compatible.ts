import type { JsonObject, Model, ModelCapability } from '@belay/core/ports'
import { chatModel } from './chat/chat-model.ts'

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
  /** What the models can do. Default: `text`, `object`, `tools`. */
  readonly capabilities?: readonly ModelCapability[]
  /** Fields of the request's body, such as `{ top_k: 20 }`. Those of a request go before them. */
  readonly providerOptions?: JsonObject
  /** Default: the global one. Asked once per call. */
  readonly fetch?: typeof globalThis.fetch
}

/** Models behind a server that speaks OpenAI's chat completions: Ollama, vLLM, LM Studio, llama.cpp and others. */
export function openaiCompatible(options: OpenAICompatibleOptions): (modelId: string) => Model {
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
  return (modelId) =>
    chatModel({
      id: 'openai-compatible',
      provider: name,
      modelId,
      capabilities,
      baseURL: () => options.baseURL,
      headers: () => headers,
      maxTokensField: 'max_tokens',
      providerOptions,
      fetch,
    })
}
