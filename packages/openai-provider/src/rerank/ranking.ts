import { malformedAnswer, type RankedDocument, type RerankRequest } from '@belay/core/ports'
import { record } from '../errors/error-facts.ts'

/**
 * A ranking that is whole: best first, each document once, none that is not there, at most as many as were asked
 * for. Servers differ in the name of the score, and some ignore how many are wanted. Throws `model/malformed`.
 */
export function wholeRanking(items: unknown, request: RerankRequest): readonly RankedDocument[] {
  if (!Array.isArray(items)) throw malformedAnswer('it has no ranking')
  const seen = new Set<unknown>()
  const ranking = items.map((value): RankedDocument => {
    const item = record(value)
    const index = item?.['index']
    const score = item?.['relevance_score'] ?? item?.['relevanceScore'] ?? item?.['score']
    if (!Number.isInteger(index) || seen.has(index) || request.documents[index as number] === undefined)
      throw malformedAnswer('it names a document that is not there, or twice')
    if (typeof score !== 'number' || !Number.isFinite(score)) throw malformedAnswer('a score is not a number')
    seen.add(index)
    return { index: index as number, score }
  })
  return ranking.toSorted((a, b) => b.score - a.score).slice(0, request.topN)
}
