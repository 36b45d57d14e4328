import type { LanguageModelV4, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import type { Model, ModelPart } from '@belay/core/ports'

/** A word, as providers send them. */
export const deltaText = 'word '

/** A model that writes so many deltas as fast as they are read, behind Belay's port. */
export function streamingModel(count: number): Model {
  return {
    info: {
      id: 'streaming',
      packageName: '@belay/bench',
      version: '1.0.0',
      specs: { model: 'model/1' },
      capabilities: [],
    },
    provider: 'bench',
    modelId: 'streaming',
    capabilities: ['text'],
    async *generate(): AsyncGenerator<ModelPart> {
      for (let sent = 0; sent < count; sent++) yield { type: 'text-delta', text: deltaText }
      yield { type: 'finish', reason: 'stop', usage: { inputTokens: 1, outputTokens: count } }
    },
  }
}

/** The same model behind the AI SDK's specification. */
export function streamingAiSdkModel(count: number): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'bench',
    modelId: 'streaming',
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error('This benchmark only streams.')),
    doStream: async () => ({ stream: streamOf(count) }),
  }
}

function streamOf(count: number): ReadableStream<LanguageModelV4StreamPart> {
  let sent = 0
  return new ReadableStream({
    start: (controller) => {
      controller.enqueue({ type: 'stream-start', warnings: [] })
      controller.enqueue({ type: 'text-start', id: '0' })
    },
    pull: (controller) => {
      if (sent++ < count) return controller.enqueue({ type: 'text-delta', id: '0', delta: deltaText })
      const inputTokens = { total: 1, noCache: undefined, cacheRead: undefined, cacheWrite: undefined }
      const outputTokens = { total: count, text: undefined, reasoning: undefined }
      controller.enqueue({ type: 'text-end', id: '0' })
      controller.enqueue({
        type: 'finish',
        finishReason: { unified: 'stop', raw: 'stop' },
        usage: { inputTokens, outputTokens },
      })
      controller.close()
    },
  })
}
