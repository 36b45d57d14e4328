import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4Content } from '@ai-sdk/provider'
import type { Model, ModelPart, ModelRequest } from '@belay/core/ports'

/** The same conversation for every peer: one tool call, then an answer of a few words. */
export const toolArguments = JSON.stringify({ city: 'Lisbon' })
export const answerText = 'It is sunny in Lisbon.'
const usage = { inputTokens: 20, outputTokens: 8 }

/** A model that answers at once, behind Belay's port. */
export function instantModel(): Model {
  return {
    info: {
      id: 'instant',
      packageName: '@belay/bench',
      version: '1.0.0',
      specs: { model: 'model/1' },
      capabilities: [],
    },
    provider: 'bench',
    modelId: 'instant',
    capabilities: ['text', 'tools'],
    async *generate(request: ModelRequest): AsyncGenerator<ModelPart> {
      if (request.messages.at(-1)?.role === 'tool') {
        yield { type: 'text-delta', text: answerText }
        yield { type: 'finish', reason: 'stop', usage }
        return
      }
      yield { type: 'tool-call', callId: 'call-1', name: 'weather', arguments: toolArguments }
      yield { type: 'finish', reason: 'tool_calls', usage }
    },
  }
}

/** The same model behind the AI SDK's specification. */
export function instantAiSdkModel(): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'bench',
    modelId: 'instant',
    supportedUrls: {},
    doGenerate: async (options: LanguageModelV4CallOptions) => {
      const isDone = options.prompt.at(-1)?.role === 'tool'
      const content: LanguageModelV4Content[] = isDone
        ? [{ type: 'text', text: answerText }]
        : [{ type: 'tool-call', toolCallId: 'call-1', toolName: 'weather', input: toolArguments }]
      return {
        content,
        finishReason: { unified: isDone ? 'stop' : 'tool-calls', raw: undefined },
        usage: {
          inputTokens: {
            total: usage.inputTokens,
            noCache: undefined,
            cacheRead: undefined,
            cacheWrite: undefined,
          },
          outputTokens: { total: usage.outputTokens, text: undefined, reasoning: undefined },
        },
        warnings: [],
      }
    },
    doStream: () => Promise.reject(new Error('This benchmark does not stream.')),
  }
}
