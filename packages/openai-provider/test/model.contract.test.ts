import type { Model, ModelPart } from '@belay/core/ports'
import {
  isRefusal,
  modelContract,
  type ModelScript,
  type ModelSubject,
  type ModelSubjectFactory,
} from '@belay/testing'
import { describe, it } from 'vitest'
import { aiSdkModel, openai, openaiCompatible } from '../src/index.ts'
import { startProtocolServer } from './protocol-server.ts'
import { specServer } from './spec-server.ts'

/** A factory of subjects over HTTP. The reset of a connection waits until the text before it was read. */
function overHttp(modelOf: (baseURL: string) => Model): ModelSubjectFactory {
  return {
    async respond(script: ModelScript): Promise<ModelSubject> {
      const reads = readCounter()
      const server = await startProtocolServer(script, {
        beforeReset: (turn) => reads.reach(textsOf(script, turn)),
      })
      return {
        model: reads.watch(modelOf(server.baseURL)),
        received: () => server.requests.map(({ body }) => body),
        openRequests: server.openRequests,
        close: server.close,
      }
    },
  }
}

function textsOf(script: ModelScript, turn: number): number {
  const played = script[turn]
  return played && !isRefusal(played) ? played.answer.filter((step) => step.do === 'text').length : 0
}

/** Counts the text deltas that callers of a model have read. */
function readCounter() {
  let count = 0
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  const saw = (part: ModelPart): void => {
    if (part.type === 'text-delta') count += 1
    for (const each of waiting) if (each.count <= count) each.resolve()
  }
  return {
    reach: (target: number) =>
      new Promise<void>((resolve) =>
        target <= count ? resolve() : void waiting.push({ count: target, resolve }),
      ),
    watch: (model: Model): Model => ({
      ...model,
      async *generate(request, options) {
        for await (const part of model.generate(request, options)) {
          saw(part)
          yield part
        }
      },
    }),
  }
}

const factories: Readonly<Record<string, ModelSubjectFactory>> = {
  'openai, responses': overHttp((baseURL) => openai('test-model', { apiKey: 'test-key', baseURL })),
  'openai, chat': overHttp((baseURL) => openai('test-model', { apiKey: 'test-key', baseURL, api: 'chat' })),
  openaiCompatible: overHttp((baseURL) => openaiCompatible({ baseURL })('test-model')),
  aiSdkModel: {
    async respond(script) {
      const server = specServer(script)
      return {
        model: aiSdkModel(server.model),
        received: () => server.received,
        openRequests: server.openRequests,
        close: async () => {},
      }
    },
  },
}

describe.each(Object.entries(factories))('the model contract on %s', (_, factory) => {
  for (const contractCase of modelContract(factory)) {
    it(contractCase.title, async (context) => {
      const { skipped } = await contractCase.run()
      if (skipped !== undefined) context.skip(skipped)
    })
  }
})
