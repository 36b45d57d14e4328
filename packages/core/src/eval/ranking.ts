import type { ErrorRecord } from '../errors/serialize.ts'
import type { Score } from './scorer.ts'

/** A score with the name of its scorer. */
export interface NamedScore extends Score {
  readonly scorer: string
}

/** What one candidate did with one item. */
export interface ItemResult {
  /** Position in `items`. */
  readonly index: number
  /** Mean of the scores. */
  readonly score: number
  /** Whether every scorer passed it. */
  readonly passed: boolean
  /** In the order of `scorers`. */
  readonly scores: readonly NamedScore[]
  readonly output?: unknown
  /** What `run` threw. All scores are 0 then. */
  readonly error?: ErrorRecord
}

/** One candidate over all items. */
export interface CandidateResult {
  readonly id: string
  /** Mean of the items' scores. */
  readonly mean: number
  /** Share of the items that passed. */
  readonly passRate: number
  /** In the order of `items`. */
  readonly items: readonly ItemResult[]
}

/** Sums one candidate up. */
export function candidateResult(id: string, items: readonly ItemResult[]): CandidateResult {
  const passed = items.filter((item) => item.passed).length
  return { id, mean: meanOf(items.map((item) => item.score)), passRate: passed / items.length, items }
}

/** The best first: by mean, then pass rate, then id. Ids are compared by code units, the same everywhere. */
export function byRank(left: CandidateResult, right: CandidateResult): number {
  return right.mean - left.mean || right.passRate - left.passRate || (left.id < right.id ? -1 : 1)
}

/** The mean of at least one number. */
export const meanOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length
