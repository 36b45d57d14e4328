import type { Json, JsonObject, ModelRequest } from '@belay/core/ports'
import { bodyOf } from '../prompt/provider-options.ts'
import { isStrictSchema } from '../prompt/strict-schema.ts'
import { chatMessages } from './chat-messages.ts'

/** What a server needs beyond the request. */
export interface ChatBodyOptions {
  readonly modelId: string
  /** OpenAI's reasoning models know only the newer name, older servers only the older one. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens'
  /** Fields of this provider, in camel or snake case; `null` takes a field out. */
  readonly extra: JsonObject
}

/** The body of a streamed chat completion. */
export function chatBody(request: ModelRequest, options: ChatBodyOptions): JsonObject {
  const { settings = {}, tools = [], toolChoice, output } = request
  const { strictJsonSchema, ...extra } = options.extra
  const body: Record<string, Json | undefined> = {
    model: options.modelId,
    messages: chatMessages(request.messages),
    stream: true,
    stream_options: { include_usage: true },
    temperature: settings.temperature,
    top_p: settings.topP,
    [options.maxTokensField]: settings.maxOutputTokens,
    stop: settings.stop?.length ? settings.stop : undefined,
    seed: settings.seed,
  }
  if (tools.length > 0) {
    body['tools'] = tools.map(({ name, description, parameters }) => ({
      type: 'function',
      function: { name, description, parameters },
    }))
    body['tool_choice'] =
      typeof toolChoice === 'object' ? { type: 'function', function: { name: toolChoice.tool } } : toolChoice
  }
  if (output) {
    const strict = typeof strictJsonSchema === 'boolean' ? strictJsonSchema : isStrictSchema(output.schema)
    body['response_format'] = {
      type: 'json_schema',
      json_schema: { name: output.name ?? 'response', schema: output.schema, strict },
    }
  }
  return bodyOf(body, extra)
}
