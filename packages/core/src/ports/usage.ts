/** Tokens as the provider counted them; a count that it did not give is absent, never estimated. */
export interface Usage {
  /** All input tokens, cached ones included. */
  readonly inputTokens?: number
  readonly cachedInputTokens?: number
  /** All output tokens, reasoning included. */
  readonly outputTokens?: number
  readonly reasoningTokens?: number
}

const names = ['inputTokens', 'cachedInputTokens', 'outputTokens', 'reasoningTokens'] as const

/**
 * Keeps the counts that are counts: whole numbers from 0. What a provider left out, or filled with something
 * else, stays absent, so that a sum of usage is never wrong without a sign of it.
 */
export function normalizeUsage(counts: Readonly<Partial<Record<keyof Usage, unknown>>>): Usage {
  const usage: { -readonly [Name in keyof Usage]: Usage[Name] } = {}
  for (const name of names) {
    const count = counts[name]
    if (Number.isSafeInteger(count) && (count as number) >= 0) usage[name] = count as number
  }
  return usage
}
