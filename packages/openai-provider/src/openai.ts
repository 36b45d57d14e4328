import type { JsonObject, Model, ModelCapability } from '@belay/core/ports'
import { openaiKey } from './api-key.ts'
import { chatModel } from './chat/chat-model.ts'
import { responsesModel } from './responses/responses-model.ts'

/** Options of `openai`. */
export interface OpenAIOptions {
  /** Default: the environment variable `OPENAI_API_KEY`, read at each call. */
  readonly apiKey?: string
  /** Default: the environment variable `OPENAI_BASE_URL`, else `https://api.openai.com/v1`. */
  readonly baseURL?: string
  /** Default: `responses`. */
  readonly api?: 'responses' | 'chat'
  /** Sent with each request; none by default. */
  readonly headers?: Readonly<Record<string, string>>
  readonly organization?: string
  readonly project?: string
  /** What the model can do. Default: `text`, `object`, `tools`, `vision`, `file`. */
  readonly capabilities?: readonly ModelCapability[]
  /** OpenAI's own options, such as `{ reasoningEffort: 'low' }`. Those of a request go before them. */
  readonly providerOptions?: JsonObject
  /** Default: the global one. Asked once per call. */
  readonly fetch?: typeof globalThis.fetch
}

/** A model of OpenAI. Nothing is read, loaded or connected before the first call. */
export function openai(modelId: string, options: OpenAIOptions = {}): Model {
  const { capabilities = ['text', 'object', 'tools', 'vision', 'file'], providerOptions, fetch } = options
  const headers = openaiHeaders(options)
  const apiKey = (): string => openaiKey(options.apiKey)
  const baseURL = (): string => openaiBaseURL(options)
  if (options.api !== 'chat') {
    return responsesModel({ modelId, capabilities, apiKey, baseURL, headers, providerOptions, fetch })
  }
  return chatModel({
    id: 'openai',
    provider: 'openai',
    modelId,
    capabilities,
    baseURL,
    headers: () => ({ authorization: `Bearer ${apiKey()}`, ...headers }),
    maxTokensField: 'max_completion_tokens',
    providerOptions,
    fetch,
  })
}

/** The headers that go with each request, without the key. */
export function openaiHeaders(
  options: Pick<OpenAIOptions, 'headers' | 'organization' | 'project'>,
): Readonly<Record<string, string>> {
  return {
    ...(options.organization !== undefined && { 'OpenAI-Organization': options.organization }),
    ...(options.project !== undefined && { 'OpenAI-Project': options.project }),
    ...options.headers,
  }
}

/** Where requests go. Read when a call starts. */
export function openaiBaseURL({ baseURL }: Pick<OpenAIOptions, 'baseURL'>): string {
  return baseURL ?? process.env['OPENAI_BASE_URL'] ?? 'https://api.openai.com/v1'
}
