import type { FailureLink } from '../history/event.ts'

/**
 * Remembers where an error that user code holds came from. Found by identity, through `cause` and through the
 * `errors` of an AggregateError, so that a wrapped failure is still known.
 */
export class FailureChains {
  readonly #links = new WeakMap<object, readonly FailureLink[]>()

  remember(error: Error, links: readonly FailureLink[]): void {
    this.#links.set(error, links)
  }

  /** The links of an error, or `undefined` when no recorded failure is behind it. */
  find(error: unknown): readonly FailureLink[] | undefined {
    return this.#find(error, new Set())
  }

  #find(error: unknown, seen: Set<object>): readonly FailureLink[] | undefined {
    // Causes can be a cycle, and nobody wraps more errors than this.
    if (typeof error !== 'object' || error === null || seen.has(error) || seen.size >= maxErrors)
      return undefined
    seen.add(error)
    const own = this.#links.get(error)
    if (own !== undefined) return own
    const { cause, errors } = error as { cause?: unknown; errors?: unknown }
    const fromCause = this.#find(cause, seen)
    if (fromCause !== undefined || !Array.isArray(errors)) return fromCause
    for (const inner of errors) {
      const found = this.#find(inner, seen)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** Bounds the recursion; an aggregate of a large fan-out still fits. */
const maxErrors = 1_000
