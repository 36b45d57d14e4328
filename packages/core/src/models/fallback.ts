import { invalidDefinition } from '../define/check.ts'

/** What an alias says about its fallbacks. */
export type FallbackMap = ReadonlyMap<string, readonly string[]>

/**
 * The aliases that may answer in place of `alias`, in the order in which they are tried: its own, each
 * followed by those of its own. Throws `config/definition` for an alias that nobody has and for a circle.
 */
export function fallbackOrder(alias: string, fallbacks: FallbackMap): readonly string[] {
  const order = new Set<string>()
  const visit = (from: string, path: readonly string[]): void => {
    for (const next of fallbacks.get(from) ?? []) {
      const what = `models.${from}: fallback`
      if (!fallbacks.has(next))
        invalidDefinition(`${what} names the alias "${next}", which \`models\` does not have.`)
      if (path.includes(next)) invalidDefinition(`${what} goes in a circle: ${[...path, next].join(' → ')}.`)
      if (order.has(next)) continue
      order.add(next)
      visit(next, [...path, next])
    }
  }
  visit(alias, [alias])
  return [...order]
}

/** Checks that a fallback is a list of names. */
export function checkFallback(what: string, fallback: unknown): void {
  if (fallback === undefined) return
  if (Array.isArray(fallback) && fallback.every((each) => typeof each === 'string')) return
  invalidDefinition(`${what}: fallback must be a list of aliases, such as ['other'].`)
}
