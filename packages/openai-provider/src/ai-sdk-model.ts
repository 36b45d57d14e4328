import type { JsonObject, Model, ModelCapability } from '@belay/core/ports'
import { adapterInfo } from './adapter-info.ts'
import { mergeOptions } from './ai-sdk/call-options.ts'
import { checkLanguageModel, type AiSdkLanguageModel } from './ai-sdk/language-model.ts'
import { sdkStream } from './ai-sdk/sdk-stream.ts'
import { callStream } from './call-stream.ts'
import { requestScope } from './request-scope.ts'

/** Options of `aiSdkModel`. */
export interface AiSdkModelOptions {
  /** What the model can do; the SDK does not say. Default: `text`, `object`, `tools`. */
  readonly capabilities?: readonly ModelCapability[]
  /** The AI SDK's options by provider, for example `{ anthropic: { thinking: { type: 'adaptive' } } }`. */
  readonly providerOptions?: JsonObject
  /** Credentials that the model was built with, so that they are taken out of its error messages. */
  readonly secrets?: readonly string[]
}

/**
 * A language model of the AI SDK, from whichever provider package. The specification is spoken to, not
 * `streamText`: one request, without the SDK's retries, tools and loop.
 */
export function aiSdkModel(languageModel: AiSdkLanguageModel, options: AiSdkModelOptions = {}): Model {
  checkLanguageModel(languageModel)
  const { capabilities = ['text', 'object', 'tools'], secrets = [] } = options
  const { provider, modelId } = languageModel
  return {
    info: adapterInfo('ai-sdk', capabilities),
    provider,
    modelId,
    capabilities,
    generate: (request, { signal }) =>
      callStream(signal, (scope) => {
        const providerOptions = mergeOptions(options.providerOptions, request.providerOptions)
        return sdkStream(
          { model: languageModel, request, providerOptions },
          scope,
          requestScope(provider, request, secrets),
        )
      }),
  }
}
