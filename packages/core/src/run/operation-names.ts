/**
 * Names for steps that the context makes in the name of a program. Calls of one name are told apart by their count, in
 * flight or not, so that the program need not give keys and none is ambiguous. Equal calls are interchangeable; a
 * call of something else never takes another's name, in whatever order they come.
 */
export class OperationNames {
  readonly #counts = new Map<string, number>()

  /** `base` for the first call, then `base:2`, `base:3`. */
  next(base: string): string {
    const count = (this.#counts.get(base) ?? 0) + 1
    this.#counts.set(base, count)
    return count === 1 ? base : `${base}:${count}`
  }
}
