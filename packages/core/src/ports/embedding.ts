/**
 * The optional methods of the model port: `embed` and `rerank`. Each makes **one** request and resolves with
 * the whole answer or throws; nothing of a failed call is kept.
 *
 * What an implementation must hold:
 * - No retry and no splitting. `embed` may be asked for at most `maxEmbedValues` values; core splits longer
 *   lists and joins the answers. A call with more is refused as `model/bad-request` before any I/O.
 * - Order: vector k is that of value k, whatever the order of the provider's answer. A ranking comes best
 *   first, at most `topN` long, with the positions of the documents in the request.
 * - An empty list needs no request: no values give no vectors, no documents an empty ranking, with empty usage.
 * - All vectors of an answer have the same length, and `dimensions` long when that was asked for and the
 *   model knows how. An answer with a vector too few or too many, a position that no document has, or
 *   something that is no number is `model/malformed`; it is never padded, cut or guessed.
 * - An abort of `signal` ends the request within a second by throwing the signal's reason. A signal that is
 *   already aborted makes no request.
 * - Usage is what the provider counted, in `inputTokens`; absent where it gave none.
 * - Errors are those of `generate`, with the same facts in `meta`, and never hold a value, a document, a query,
 *   a vector or a credential.
 *
 * What is not promised: vectors of length 1, equal vectors for equal values, scores that can be compared
 * between two calls.
 */

import type { JsonObject } from './json.ts'
import type { Usage } from './usage.ts'

/** Texts to embed in one request. */
export interface EmbedRequest {
  readonly values: readonly string[]
  /** The length of the vectors, for models that can shorten them; others refuse it or ignore it. */
  readonly dimensions?: number
  /** By provider name, passed through. */
  readonly providerOptions?: JsonObject
}

/** One vector for each value, in the order of the values. */
export interface EmbedResult {
  readonly embeddings: readonly (readonly number[])[]
  readonly usage: Usage
}

/** Documents to put in order for a query. */
export interface RerankRequest {
  readonly query: string
  readonly documents: readonly string[]
  /** How many of the best are wanted. Absent: all. */
  readonly topN?: number
  /** By provider name, passed through. */
  readonly providerOptions?: JsonObject
}

/** A document in a ranking. */
export interface RankedDocument {
  /** Its position in the request, from 0. */
  readonly index: number
  /** How well it fits, in the provider's own measure; higher is better. */
  readonly score: number
}

/** The best documents, best first. */
export interface RerankResult {
  readonly ranking: readonly RankedDocument[]
  readonly usage: Usage
}
