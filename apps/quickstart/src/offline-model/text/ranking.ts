import { countsOf, stemsOf } from './words.ts'

/** Stems to look for, each with its weight. */
export type Query = ReadonlyMap<string, number>

/** Something with text; `context` counts for less. */
export interface Rankable {
  readonly text: string
  readonly context?: string
}

/** An item with its score, 0 when it has nothing of the query. */
export interface Ranked<T> {
  readonly item: T
  readonly score: number
  /** Stems of the query that its text has. */
  readonly hits: ReadonlySet<string>
}

/** BM25: how fast repetition stops to count, and how much long texts are held back. */
const saturation = 1.2
const lengthPenalty = 0.6
/** A word of the heading is worth this much of one in the text. */
const contextWeight = 0.4

/** Weights: the words of the first text in full, those of later ones at a share of it. */
export function queryOf(
  texts: readonly { readonly text: string; readonly weight: number }[],
): Map<string, number> {
  const query = new Map<string, number>()
  for (const { text, weight } of texts) {
    for (const stem of stemsOf(text)) query.set(stem, Math.max(query.get(stem) ?? 0, weight))
  }
  return query
}

/** Ranks by BM25 times the share of the query that a text covers; equal scores keep their order. */
export function rank<T extends Rankable>(items: readonly T[], query: Query): Ranked<T>[] {
  const prepared = items.map((item) => {
    const stems = stemsOf(item.text)
    return {
      item,
      length: stems.length,
      counts: countsOf(stems),
      context: new Set(stemsOf(item.context ?? '')),
    }
  })
  const average = prepared.reduce((sum, { length }) => sum + length, 0) / Math.max(1, prepared.length)
  const inverse = inverseFrequencies(prepared, query)
  const total = [...query].reduce((sum, [stem, weight]) => sum + weight * (inverse.get(stem) ?? 0), 0)
  return prepared
    .map(({ item, length, counts, context }) => {
      let score = 0
      let covered = 0
      const hits = new Set<string>()
      for (const [stem, weight] of query) {
        const own = counts.get(stem) ?? 0
        if (own > 0) hits.add(stem)
        const count = own + (context.has(stem) ? contextWeight : 0)
        if (count === 0) continue
        const worth = weight * (inverse.get(stem) ?? 0)
        const norm = saturation * (1 - lengthPenalty + (lengthPenalty * length) / Math.max(1, average))
        score += (worth * count * (saturation + 1)) / (count + norm)
        covered += worth * Math.min(1, count)
      }
      return { item, hits, score: total === 0 ? 0 : score * (0.4 + (0.6 * covered) / total) }
    })
    .sort((a, b) => b.score - a.score)
}

function inverseFrequencies(
  prepared: readonly { readonly counts: ReadonlyMap<string, number> }[],
  query: Query,
): Map<string, number> {
  const inverse = new Map<string, number>()
  for (const stem of query.keys()) {
    const frequency = prepared.filter(({ counts }) => counts.has(stem)).length
    inverse.set(stem, Math.log(1 + (prepared.length - frequency + 0.5) / (frequency + 0.5)))
  }
  return inverse
}
