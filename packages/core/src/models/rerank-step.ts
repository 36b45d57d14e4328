import {
  malformedAnswer,
  type RankedDocument,
  type RerankRequest,
  type RerankResult,
} from '../ports/index.ts'
import type { StepSpec } from '../run/definition.ts'
import { callStep, type CallAttempt, type CallInit } from './call-step.ts'
import { estimateRerank } from './estimate.ts'
import { withoutMethod } from './embed-step.ts'

/** One call that puts documents in order. */
export interface RerankStepInit extends CallInit {
  readonly request: RerankRequest
}

/** A step that ranks. The record holds positions and scores, not the documents. */
export function rerankStep(init: RerankStepInit): StepSpec<RerankResult> {
  return callStep(init, {
    operation: 'rerank',
    call: (attempt) => rank(init.request, attempt),
    estimate: (resolved) => estimateRerank(resolved, init.request),
  })
}

async function rank(request: RerankRequest, { resolved, run }: CallAttempt): Promise<RerankResult> {
  const { alias, model } = resolved
  if (request.documents.length === 0) return { ranking: [], usage: {} }
  run.signal.throwIfAborted()
  if (model.rerank === undefined) throw withoutMethod(alias, 'rerank')
  const { ranking, usage } = (await model.rerank(request, { signal: run.signal })) ?? {}
  if (!Array.isArray(ranking)) throw malformedAnswer('it has no ranking')
  const most = Math.min(request.topN ?? Infinity, request.documents.length)
  if (ranking.length > most) throw malformedAnswer('it ranks more documents than were asked for')
  const seen = new Set<number>()
  for (const { index, score } of ranking as readonly RankedDocument[]) {
    const isPosition = Number.isInteger(index) && index >= 0 && index < request.documents.length
    if (!isPosition || seen.has(index))
      throw malformedAnswer('it names a document that is not there, or twice')
    if (!Number.isFinite(score)) throw malformedAnswer('a score is not a number')
    seen.add(index)
  }
  return {
    ranking: (ranking as readonly RankedDocument[]).map(({ index, score }) => ({ index, score: score + 0 })),
    usage: usage ?? {},
  }
}
