import {
  malformedAnswer,
  type JsonObject,
  type Model,
  type ModelCapability,
  type ModelPart,
  type ModelRequest,
} from '@belay/core/ports'
import { adapterInfo } from '../adapter-info.ts'
import { mergeOptions } from '../ai-sdk/call-options.ts'
import { sdkStream } from '../ai-sdk/sdk-stream.ts'
import type { CallScope } from '../call-scope.ts'
import { callStream } from '../call-stream.ts'
import { unsupportedError } from '../errors/answer-error.ts'
import type { ErrorContext } from '../errors/provider-error.ts'
import { post } from '../http/post.ts'
import { isStrictSchema } from '../prompt/strict-schema.ts'
import { headerSecrets, requestScope } from '../request-scope.ts'
import { responsesWatch } from './responses-watch.ts'

/** A server that speaks the responses protocol. */
export interface ResponsesModelConfig {
  readonly modelId: string
  readonly capabilities: readonly ModelCapability[]
  /** Read when a call starts; may throw `model/auth`. */
  readonly apiKey: () => string
  readonly baseURL: () => string
  readonly headers: Readonly<Record<string, string>>
  readonly providerOptions: JsonObject | undefined
  readonly fetch: typeof globalThis.fetch | undefined
}

/** A model behind that server, through `@ai-sdk/openai`, which is loaded when the first call starts. */
export function responsesModel(config: ResponsesModelConfig): Model {
  const { modelId, capabilities } = config
  return {
    info: adapterInfo('openai', capabilities),
    provider: 'openai',
    modelId,
    capabilities,
    generate: (request, { signal }) => callStream(signal, (scope) => respond(config, request, scope)),
  }
}

async function* respond(
  config: ResponsesModelConfig,
  request: ModelRequest,
  scope: CallScope,
): AsyncGenerator<ModelPart, void, undefined> {
  const { modelId, headers, fetch = globalThis.fetch } = config
  checkFiles(request)
  const apiKey = config.apiKey()
  const call = requestScope('openai', request, [apiKey, ...headerSecrets(headers)])
  const { createOpenAI } = await import('@ai-sdk/openai')
  const sdk = createOpenAI({
    apiKey,
    baseURL: config.baseURL(),
    headers: { ...headers },
    fetch: (url, init) => eventStream(fetch, url, { ...init, signal: scope.signal }, call.context),
  })
  const providerOptions = mergeOptions(
    { openai: defaultOptions(request) },
    config.providerOptions && { openai: config.providerOptions },
    request.providerOptions,
  )
  const watch = responsesWatch(call.context)
  yield* sdkStream({ model: sdk.responses(modelId), request, providerOptions, watch }, scope, call)
}

/** The protocol has places for pictures and documents, and none for sound. */
function checkFiles({ messages }: ModelRequest): void {
  for (const message of messages) {
    if (message.role !== 'user') continue
    for (const part of message.content) {
      if (part.type === 'file' && part.mediaType.startsWith('audio/'))
        throw unsupportedError(`the responses protocol takes no ${part.mediaType}; use { api: 'chat' }`)
    }
  }
}

/**
 * Nothing is kept at the provider: the journal holds the conversation, and an answer that refers to an item
 * there could not be asked for again when that item is gone. Reasoning comes back encrypted instead.
 */
function defaultOptions(request: ModelRequest): JsonObject {
  // Documents of every kind go as files; which of them a model reads is for the provider to say.
  return {
    store: false,
    passThroughUnsupportedFiles: true,
    ...(request.output && { strictJsonSchema: isStrictSchema(request.output.schema) }),
  }
}

/** The SDK reads a web page as an empty stream; here it is what it is. */
async function eventStream(
  fetch: typeof globalThis.fetch,
  url: Parameters<typeof globalThis.fetch>[0],
  init: RequestInit,
  context: ErrorContext,
): Promise<Response> {
  const response = await post(fetch, url, init, context)
  const type = response.headers.get('content-type') ?? 'text/event-stream'
  if (/event-stream/i.test(type)) return response
  await response.body?.cancel().catch(() => {})
  throw malformedAnswer('the body is not an event stream')
}
