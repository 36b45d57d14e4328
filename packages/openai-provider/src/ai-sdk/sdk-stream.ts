import type { JsonObject, ModelPart, ModelRequest } from '@belay/core/ports'
import type { CallScope } from '../call-scope.ts'
import { located } from '../errors/answer-error.ts'
import type { RequestScope } from '../request-scope.ts'
import { callOptions } from './call-options.ts'
import type { AiSdkLanguageModel } from './language-model.ts'
import { sdkAnswer, type RawWatch } from './sdk-answer.ts'
import { sdkError } from './sdk-error.ts'

/** One call of a specification model. */
export interface SdkCall {
  readonly model: AiSdkLanguageModel
  readonly request: ModelRequest
  /** By provider name. */
  readonly providerOptions: JsonObject
  readonly watch?: RawWatch
}

/** Asks the model once through `doStream` and yields the port's parts. */
export async function* sdkStream(
  { model, request, providerOptions, watch }: SdkCall,
  scope: CallScope,
  { context, heard }: RequestScope,
): AsyncGenerator<ModelPart, void, undefined> {
  try {
    const extras = { signal: scope.signal, providerOptions, includeRawChunks: watch !== undefined }
    const result = await model.doStream(callOptions(request, model.specificationVersion, extras) as never)
    const reader = result.stream.getReader()
    scope.onEnd(() => void reader.cancel().catch(() => {}))
    if (result.response?.headers) context.headers ??= new Headers(result.response.headers)
    const answer = sdkAnswer(context, watch)
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      for (const part of answer.take(value)) yield heard(part)
    }
  } catch (error) {
    throw located(sdkError(error, context), context)
  }
}
