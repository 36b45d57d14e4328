/** What a scorer judges: one output of one candidate for one item. */
export interface Sample<Item = unknown> {
  readonly candidateId: string
  readonly item: Item
  readonly output: unknown
}

/** A judgement. */
export interface Score {
  /** 0 to 1. */
  readonly score: number
  /** Whether it counts for the pass rate. */
  readonly passed: boolean
  /** Why it is not 1. */
  readonly reason?: string
}

/** Judges outputs. The same output of the same item gets the same score. */
export interface Scorer<Item = unknown> {
  readonly name: string
  /** Method syntax: a scorer of a wider item is a scorer too. */
  score(sample: Sample<Item>, options?: { readonly signal?: AbortSignal }): Score | Promise<Score>
  /** Ends what the scorer started; it starts again when it is used again. `evaluate` calls it at its end. */
  close?(): Promise<void>
}

/** A value that is the same for all items, or is read from each. */
export type FromItem<Item, Value> = Value | ((item: Item) => Value)

/** Everything is right. */
export const fullScore: Score = Object.freeze({ score: 1, passed: true })

/** Nothing is right, and why. */
export const noScore = (reason: string): Score => ({ score: 0, passed: false, reason })

/** The value for one item. */
export function valueFor<Item, Value>(source: FromItem<Item, Value>, item: Item): Value {
  return typeof source === 'function' ? (source as (item: Item) => Value)(item) : source
}

/** An output as text: a text as it is, anything else as its JSON. */
export function outputText(output: unknown): string {
  return typeof output === 'string' ? output : (JSON.stringify(output) ?? '')
}
