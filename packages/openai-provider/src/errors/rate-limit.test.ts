import { describe, expect, it } from 'vitest'
import { rateLimitFacts } from './rate-limit.ts'

const factsOf = (headers: Record<string, string>): unknown => rateLimitFacts(new Headers(headers))

describe('the limits that headers tell', () => {
  it('are read by requests and tokens [MOD-24]', () => {
    expect(
      factsOf({
        'x-ratelimit-limit-requests': '60',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-limit-tokens': '150000',
        'x-ratelimit-remaining-tokens': '149984',
        'x-ratelimit-reset-tokens': '6m0.5s',
      }),
    ).toEqual({
      requests: { limit: 60, remaining: 0, resetMs: 1_000 },
      tokens: { limit: 150_000, remaining: 149_984, resetMs: 360_500 },
    })
  })

  it.each([
    ['20ms', 20],
    ['2', 2_000],
    ['0.5', 500],
    ['1h2m', 3_720_000],
    ['1772000060000', 60_000],
    ['1772000060', 60_000],
    ['2026-02-25T06:14:20Z', 60_000],
    ['soon', undefined],
  ])('a reset of %s is %s ms', (value, resetMs) => {
    const date = new Date(1_772_000_000_000).toUTCString()
    const expected = resetMs === undefined ? undefined : { requests: { resetMs } }
    expect(factsOf({ date, 'x-ratelimit-reset': value })).toEqual(expected)
  })

  it('come in other spellings too, and absent where there are none', () => {
    expect(factsOf({ 'anthropic-ratelimit-tokens-remaining': '7', 'ratelimit-limit': '5' })).toEqual({
      tokens: { remaining: 7 },
      requests: { limit: 5 },
    })
    expect(
      factsOf({ 'content-type': 'text/plain', 'x-ratelimit-remaining-requests': 'many' }),
    ).toBeUndefined()
  })
})
