import type { Json } from '../ports/index.ts'
import { PartialJson } from '../schema/partial-json.ts'

/**
 * How much longer the known part must be than at the last event, as a share of it. Events then come at lengths
 * that grow geometrically, and parsing all of them costs at most this many times the answer.
 */
const share = 16

/** Follows a structured answer as its text arrives and gives what is known of it, as often as is affordable. */
export class ObjectPartials {
  readonly #json = new PartialJson()
  readonly #emit: (value: Json) => void
  #shown = 0

  constructor(emit: (value: Json) => void) {
    this.#emit = emit
  }

  push(text: string): void {
    if (this.#json.ended) return
    this.#json.push(text)
    const { extent, ended } = this.#json
    const enough = this.#shown + Math.max(1, this.#shown / share)
    if (extent < enough && !(ended && extent > this.#shown)) return
    const { value } = this.#json
    if (value === undefined) return
    this.#shown = extent
    this.#emit(value)
  }
}
