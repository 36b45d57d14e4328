import { describe, expect, it } from 'vitest'
import { cancelled, timedOut } from './signal.ts'
import { delayBefore } from './retry.ts'

const boom = new Error('boom')
const half = (): number => 0.5

describe('delayBefore', () => {
  it('tries once without a policy', () => {
    expect(delayBefore(undefined, 1, boom, half)).toBeUndefined()
    expect(delayBefore({}, 1, boom, half)).toBeUndefined()
  })

  it('counts the first attempt [STEP-1]', () => {
    const policy = { maxAttempts: 3, jitter: false }
    expect([1, 2, 3].map((attempt) => delayBefore(policy, attempt, boom, half))).toEqual([
      500,
      1_000,
      undefined,
    ])
  })

  it('grows by the factor up to the longest delay [STEP-2]', () => {
    const policy = { maxAttempts: 9, minDelayMs: 100, maxDelayMs: 1_000, factor: 3, jitter: false }
    expect([1, 2, 3, 4, 8].map((attempt) => delayBefore(policy, attempt, boom, half))).toEqual([
      100, 300, 900, 1_000, 1_000,
    ])
  })

  it('takes between half and all of a delay with jitter [STEP-2]', () => {
    const policy = { maxAttempts: 2, minDelayMs: 1_000 }
    expect([0, 0.5, 0.999_999].map((random) => delayBefore(policy, 1, boom, () => random))).toEqual([
      500, 750, 1_000,
    ])
  })

  it('never tries an abort again, whatever the policy says [STEP-4]', () => {
    const policy = { maxAttempts: 5, retryOn: () => true }
    expect(delayBefore(policy, 1, cancelled('step', 'stop'), half)).toBeUndefined()
    expect(delayBefore(policy, 1, timedOut('step', 'it', 5), half)).toBeDefined()
  })

  it('asks the policy which failures are worth it [STEP-3]', () => {
    const policy = { maxAttempts: 5, retryOn: (error: unknown) => error === boom }
    expect(delayBefore(policy, 1, boom, half)).toBeDefined()
    expect(delayBefore(policy, 1, new Error('other'), half)).toBeUndefined()
  })

  it('lets the policy set the delay, keep it or give up', () => {
    const policy = (ms: number | undefined) => ({ maxAttempts: 5, jitter: false, delayFor: () => ms })
    expect(delayBefore(policy(7), 1, boom, half)).toBe(7)
    expect(delayBefore(policy(undefined), 1, boom, half)).toBe(500)
    expect(delayBefore(policy(Infinity), 1, boom, half)).toBeUndefined()
    expect(delayBefore(policy(-1), 1, boom, half)).toBe(0)
  })
})
