import { isCodedError, PortError, type EmbedResult, type Model, type RerankResult } from '@belay/core/ports'
import type { VectorSubjectFactory } from '../model/vector-subject.ts'

/** A model that embeds or ranks, with one defect, made from a good one. */
export interface BrokenVectors {
  readonly name: string
  readonly contract: 'embeddings' | 'rerank'
  /** Titles of the cases that must reject it; it may fail others too. */
  readonly rejectedBy: readonly string[]
  /** Replaces methods of a good model. */
  wrap(model: Required<Pick<Model, 'embed' | 'rerank'>>): Partial<Pick<Model, 'embed' | 'rerank'>>
}

/** Subjects of the adapter with its defect. */
export function brokenVectorSubjects(
  broken: BrokenVectors,
  subjects: VectorSubjectFactory,
): VectorSubjectFactory {
  return {
    respond: async (script) => {
      const subject = await subjects.respond(script)
      const { model } = subject
      const good = model as Model & Required<Pick<Model, 'embed' | 'rerank'>>
      return { ...subject, model: { ...model, ...broken.wrap(good) } }
    },
  }
}

/** A good model whose vectors are changed. */
const changing =
  (map: (result: EmbedResult) => EmbedResult): BrokenVectors['wrap'] =>
  (model) => ({
    embed: async (request, options) => map(await model.embed(request, options)),
  })

/** A good model whose ranking is changed. */
const ranking =
  (map: (result: RerankResult) => RerankResult): BrokenVectors['wrap'] =>
  (model) => ({
    rerank: async (request, options) => map(await model.rerank(request, options)),
  })

/** Models that break one promise of `embed` or `rerank` each. */
export const brokenVectors: readonly BrokenVectors[] = [
  {
    name: 'gives vectors in the order of the answer',
    contract: 'embeddings',
    rejectedBy: ['embed: 200 vectors come in the order of their values, from one request'],
    wrap: changing((result) => ({ ...result, embeddings: result.embeddings.toReversed() })),
  },
  {
    name: 'keeps numbers in 32 bits',
    contract: 'embeddings',
    rejectedBy: ['embed: numbers lose nothing on the way'],
    wrap: changing((result) => ({
      ...result,
      embeddings: result.embeddings.map((one) => one.map(Math.fround)),
    })),
  },
  {
    name: 'asks for one value first to learn the length',
    contract: 'embeddings',
    rejectedBy: ['embed: 200 vectors come in the order of their values, from one request'],
    wrap: (model) => ({
      embed: async (request, options) => {
        await model.embed({ ...request, values: request.values.slice(0, 1) }, options)
        return model.embed(request, options)
      },
    }),
  },
  {
    name: 'asks for nothing when there are no values',
    contract: 'embeddings',
    rejectedBy: ['embed: no values make no request and give no vectors'],
    wrap: (model) => ({
      embed: (request, options) => model.embed({ ...request, values: [...request.values, ''] }, options),
    }),
  },
  {
    name: 'invents usage',
    contract: 'embeddings',
    rejectedBy: ['embed: usage that the provider did not give is absent'],
    wrap: changing((result) => ({ ...result, usage: { inputTokens: 0, ...result.usage } })),
  },
  {
    name: 'fills in a vector that is missing',
    contract: 'embeddings',
    rejectedBy: ['malformed: a vector too few'],
    wrap: (model) => ({
      embed: async (request, options) => {
        try {
          return await model.embed(request, options)
        } catch (error) {
          if (!isCodedError(error, 'model/malformed')) throw error
          return { embeddings: request.values.map(() => [0]), usage: {} }
        }
      },
    }),
  },
  {
    name: 'tries again by itself when it embeds',
    contract: 'embeddings',
    rejectedBy: [
      'refusal: 503 is model/server, retryable',
      'broken: a reset before any answer is model/network',
    ],
    wrap: (model) => ({
      embed: (request, options) =>
        model.embed(request, options).catch((error: unknown) => {
          if (!isCodedError(error) || !error.retryable) throw error
          return model.embed(request, options)
        }),
    }),
  },
  {
    name: 'shows the values in its errors',
    contract: 'embeddings',
    rejectedBy: ['refusal: 400 is model/bad-request, final'],
    wrap: (model) => ({
      embed: (request, options) =>
        model.embed(request, options).catch((error: unknown) => {
          if (!isCodedError(error)) throw error
          const { code, retryable, meta } = error
          throw new PortError<string>({
            code,
            retryable,
            meta,
            message: `could not embed ${request.values.join(', ')}`,
          })
        }),
    }),
  },
  {
    name: 'embeds on when it is aborted',
    contract: 'embeddings',
    rejectedBy: [
      'abort: a signal that is already aborted throws its reason and makes no request',
      'abort: while no answer comes it throws the reason and ends the request',
    ],
    wrap: (model) => ({ embed: (request) => model.embed(request, { signal: new AbortController().signal }) }),
  },
  {
    name: 'ranks the worst first',
    contract: 'rerank',
    rejectedBy: ['rerank: positions and scores come best first, from one request with query and documents'],
    wrap: ranking((result) => ({ ...result, ranking: result.ranking.toReversed() })),
  },
  {
    name: 'counts documents from 1',
    contract: 'rerank',
    rejectedBy: ['rerank: the best ones alone when so many are wanted'],
    wrap: ranking((result) => ({
      ...result,
      ranking: result.ranking.map(({ index, score }) => ({ index: index + 1, score })),
    })),
  },
  {
    name: 'ranks a document that is not there',
    contract: 'rerank',
    rejectedBy: ['malformed: a position that no document has', 'malformed: a document twice'],
    wrap: (model) => ({
      rerank: async (request, options) => {
        try {
          return await model.rerank(request, options)
        } catch (error) {
          if (!isCodedError(error, 'model/malformed')) throw error
          return { ranking: [{ index: 3, score: 1 }], usage: {} }
        }
      },
    }),
  },
  {
    name: 'takes every failure of a ranking for retryable',
    contract: 'rerank',
    rejectedBy: ['refusal: 401 is model/auth, final'],
    wrap: (model) => ({
      rerank: (request, options) =>
        model.rerank(request, options).catch((error: unknown) => {
          if (!isCodedError(error)) throw error
          const { code, message, meta } = error
          throw new PortError<string>({ code, message, meta, retryable: true })
        }),
    }),
  },
]
