import type { RankedDocument, Usage } from '@belay/core/ports'
import type { ModelScriptTurn } from './model-script.ts'

/** What a model that embeds or ranks is to answer: turn k answers request k. */
export type VectorScript = readonly VectorScriptTurn[]

/** Vectors, a ranking, a refusal, or a connection that breaks as in a `ModelScript`. */
export type VectorScriptTurn = ModelScriptTurn | ModelScriptEmbeddings | ModelScriptRanking

/** Vector k is that of value k. A provider that numbers its vectors may send them in any order. */
export interface ModelScriptEmbeddings {
  readonly embeddings: readonly (readonly number[])[]
  readonly usage?: Usage
}

/** A ranking. A provider whose protocol does not order it may send it in any order. */
export interface ModelScriptRanking {
  readonly ranking: readonly RankedDocument[]
  readonly usage?: Usage
}

/** Whether a turn gives vectors. */
export function isEmbeddings(turn: VectorScriptTurn): turn is ModelScriptEmbeddings {
  return 'embeddings' in turn
}

/** Whether a turn gives a ranking. */
export function isRanking(turn: VectorScriptTurn): turn is ModelScriptRanking {
  return 'ranking' in turn
}
