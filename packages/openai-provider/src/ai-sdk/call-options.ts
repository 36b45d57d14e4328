import type { JsonObject, ModelRequest } from '@belay/core/ports'
import { record } from '../errors/error-facts.ts'
import { sdkPrompt } from './prompt.ts'
import type { AiSdkLanguageModel } from './language-model.ts'

/** What a call has beside the request. */
export interface CallExtras {
  readonly signal: AbortSignal
  /** By provider name. */
  readonly providerOptions: JsonObject
  readonly includeRawChunks: boolean
}

/** The options of `doStream`. Absent settings are left out: the SDK's schemas tell absence from `undefined`. */
export function callOptions(
  request: ModelRequest,
  version: AiSdkLanguageModel['specificationVersion'],
  extras: CallExtras,
): Readonly<Record<string, unknown>> {
  const { settings = {}, tools = [], toolChoice, output } = request
  const options = {
    prompt: sdkPrompt(request.messages, version),
    abortSignal: extras.signal,
    includeRawChunks: extras.includeRawChunks,
    providerOptions: extras.providerOptions,
    temperature: settings.temperature,
    topP: settings.topP,
    maxOutputTokens: settings.maxOutputTokens,
    stopSequences: settings.stop?.length ? [...settings.stop] : undefined,
    seed: settings.seed,
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }) => ({
        type: 'function',
        name,
        description,
        inputSchema: parameters,
      })),
      toolChoice:
        typeof toolChoice === 'object'
          ? { type: 'tool', toolName: toolChoice.tool }
          : { type: toolChoice ?? 'auto' },
    }),
    ...(output && {
      responseFormat: { type: 'json', schema: output.schema, ...(output.name && { name: output.name }) },
    }),
  }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** Options of two levels: by provider, then by name. The later one goes before the earlier one. */
export function mergeOptions(...levels: readonly (JsonObject | undefined)[]): JsonObject {
  const merged: Record<string, JsonObject> = {}
  for (const level of levels) {
    for (const [provider, options] of Object.entries(level ?? {})) {
      if (record(options)) merged[provider] = { ...merged[provider], ...(options as JsonObject) }
    }
  }
  return merged
}
