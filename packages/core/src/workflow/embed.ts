import { invalidOption } from '../define/check.ts'
import type { EmbeddingsResult, EmbedInit, RankingResult, RerankInit } from '../define/model-calls.ts'
import { embedStep } from '../models/embed-step.ts'
import { rerankStep } from '../models/rerank-step.ts'
import { callInit, type DeclaredModel } from './declared-model.ts'

/** Embeds values in one step. */
export async function embed(model: DeclaredModel, init: EmbedInit): Promise<EmbeddingsResult> {
  const what = `ctx.models.${model.alias}.embed`
  requireTexts(what, 'values', init.values)
  requireCount(what, 'dimensions', init.dimensions)
  const { values, dimensions, providerOptions } = init
  const call = callInit(model, 'embed', init, ['embeddings'])
  return model.context.step(
    embedStep({
      ...call,
      request: {
        values: [...values],
        ...(dimensions !== undefined && { dimensions }),
        ...(providerOptions !== undefined && { providerOptions }),
      },
      input: { values, dimensions: dimensions ?? null },
    }),
  )
}

/** Ranks documents in one step. The documents of the result are those of the call, not of the record. */
export async function rerank(model: DeclaredModel, init: RerankInit): Promise<RankingResult> {
  const what = `ctx.models.${model.alias}.rerank`
  requireTexts(what, 'documents', init.documents)
  if (typeof init.query !== 'string' || init.query === '') invalidOption(what, 'query', 'it must be a text')
  requireCount(what, 'topN', init.topN)
  const { query, topN, providerOptions } = init
  const documents = [...init.documents]
  const call = callInit(model, 'rerank', init, ['rerank'])
  const { ranking, usage } = await model.context.step(
    rerankStep({
      ...call,
      request: {
        query,
        documents,
        ...(topN !== undefined && { topN }),
        ...(providerOptions !== undefined && { providerOptions }),
      },
      input: { query, documents, topN: topN ?? null },
    }),
  )
  return {
    ranking: ranking.map(({ index, score }) => ({ index, score, document: documents[index] ?? '' })),
    usage,
  }
}

function requireTexts(what: string, field: string, list: unknown): void {
  if (Array.isArray(list) && list.every((each) => typeof each === 'string')) return
  invalidOption(what, field, 'it must be a list of texts')
}

function requireCount(what: string, field: string, count: number | undefined): void {
  if (count === undefined || (Number.isInteger(count) && count >= 1)) return
  invalidOption(what, field, 'it must be a whole number from 1')
}
