import type { JsonObject, Model, ModelCapability, ModelPart, ModelRequest } from '@belay/core/ports'
import { adapterInfo } from '../adapter-info.ts'
import type { CallScope } from '../call-scope.ts'
import { callStream } from '../call-stream.ts'
import { located } from '../errors/answer-error.ts'
import { post } from '../http/post.ts'
import { optionsOf } from '../prompt/provider-options.ts'
import { headerSecrets, requestScope } from '../request-scope.ts'
import { chatAnswer } from './chat-answer.ts'
import { chatBody, type ChatBodyOptions } from './chat-body.ts'
import { chatChunks } from './chat-chunks.ts'

/** A server that speaks the chat completions protocol. */
export interface ChatModelConfig {
  readonly id: string
  readonly provider: string
  readonly modelId: string
  readonly capabilities: readonly ModelCapability[]
  /** Up to and without `/chat/completions`. Read when a call starts. */
  readonly baseURL: () => string
  /** Read when a call starts; may throw `model/auth`. */
  readonly headers: () => Readonly<Record<string, string>>
  readonly maxTokensField: ChatBodyOptions['maxTokensField']
  readonly providerOptions: JsonObject | undefined
  readonly fetch: typeof globalThis.fetch | undefined
}

/**
 * A model behind that server. The protocol is read here and not by the AI SDK, whose schema refuses what
 * compatible servers send (whole tool calls without an index), renames twin call ids and turns counts that
 * are absent into 0.
 */
export function chatModel(config: ChatModelConfig): Model {
  const { id, provider, modelId, capabilities } = config
  return {
    info: adapterInfo(id, capabilities),
    provider,
    modelId,
    capabilities,
    generate: (request, { signal }) => callStream(signal, (scope) => complete(config, request, scope)),
  }
}

async function* complete(
  config: ChatModelConfig,
  request: ModelRequest,
  scope: CallScope,
): AsyncGenerator<ModelPart, void, undefined> {
  const { modelId, maxTokensField, provider, fetch = globalThis.fetch } = config
  const headers = config.headers()
  const extra = { ...config.providerOptions, ...optionsOf(request, provider) }
  const init: RequestInit = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify(chatBody(request, { modelId, maxTokensField, extra })),
    signal: scope.signal,
  }
  const url = `${config.baseURL().replace(/\/+$/, '')}/chat/completions`
  const { context, heard } = requestScope(provider, request, headerSecrets(headers))
  try {
    const response = await post(fetch, url, init, context)
    const answer = chatAnswer()
    for await (const chunk of chatChunks(response, scope, context)) {
      for (const part of answer.take(chunk)) yield heard(part)
    }
    yield* answer.finish()
  } catch (error) {
    throw located(error, context)
  }
}
