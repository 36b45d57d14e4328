import type { Json } from '@belay/core/ports'

/** What a provider says about one of its limits. */
interface Limit {
  limit?: number
  remaining?: number
  /** Milliseconds until it is full again. */
  resetMs?: number
}

/** `x-ratelimit-remaining-tokens` of OpenAI and many, `anthropic-ratelimit-tokens-remaining`, and plain `ratelimit-remaining`. */
const unitLast = /^(?:x-)?ratelimit-(limit|remaining|reset)(?:-(requests|tokens))?$/
const unitFirst = /^anthropic-ratelimit-(requests|tokens)-(limit|remaining|reset)$/

/**
 * The limits that the headers tell, as `{ requests, tokens }` with `limit`, `remaining` and `resetMs`. A limit without
 * a unit counts requests. What is not there, or not a number, is absent.
 */
export function rateLimitFacts(headers: Headers): Readonly<Record<string, Json>> | undefined {
  const facts: { requests?: Limit; tokens?: Limit } = {}
  for (const [name, value] of headers) {
    const [, last, unit] = unitLast.exec(name) ?? []
    const [, first, field = last] = unitFirst.exec(name) ?? []
    if (field === undefined) continue
    const count = field === 'reset' ? resetMs(value, headers) : wholeNumber(value)
    if (count === undefined) continue
    const limit = (facts[(first ?? unit ?? 'requests') as 'requests' | 'tokens'] ??= {})
    limit[field === 'reset' ? 'resetMs' : (field as 'limit' | 'remaining')] = count
  }
  return Object.keys(facts).length === 0 ? undefined : (facts as Readonly<Record<string, Json>>)
}

function wholeNumber(value: string): number | undefined {
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A number this large is a time since the epoch, in milliseconds, and not a wait. */
const epochMs = 1e12
const epochSeconds = 1e9

/** `1s`, `6m0s` and `20ms`, a number of seconds, a time since the epoch, or a date. */
function resetMs(value: string, headers: Headers): number | undefined {
  if (/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(value)) {
    const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
    return Math.round(
      parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0),
    )
  }
  if (/^\d+(?:\.\d+)?$/.test(value)) {
    const number = Number(value)
    if (number >= epochMs) return until(number, headers)
    return number >= epochSeconds ? until(number * 1_000, headers) : Math.round(number * 1_000)
  }
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : until(date, headers)
}

/** From the provider's own clock, when it gives one. */
function until(time: number, headers: Headers): number {
  const sent = Date.parse(headers.get('date') ?? '')
  return Math.max(0, Math.round(time - (Number.isNaN(sent) ? Date.now() : sent)))
}
