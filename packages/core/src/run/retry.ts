import { HarnessError } from '../errors/harness-error.ts'
import type { RetryPolicy } from '../define/effect.ts'
import type { StepRetry } from './definition.ts'

/** Defaults of a policy; a step without a policy is tried once. */
export const retryDefaults = {
  maxAttempts: 1,
  minDelayMs: 500,
  maxDelayMs: 8_000,
  factor: 2,
  jitter: true,
} as const

/**
 * How long to wait before the attempt after `attempt`, or `undefined` when there is none. Aborts are never
 * tried again, whatever the policy says.
 */
export function delayBefore(
  policy: RetryPolicy | undefined,
  attempt: number,
  error: unknown,
  random: () => number,
): number | undefined {
  if (policy === undefined || !mayTryAgain(policy, attempt, error)) return undefined
  const jittered = backoffMs(policy, attempt, random)
  const delay = policy.delayFor?.(error, jittered) ?? jittered
  return Number.isFinite(delay) ? Math.max(0, Math.round(delay)) : undefined
}

/** The wait before the attempt after `attempt`, as the policy has it: doubling, bounded, with a random part. */
export function backoffMs(
  policy: Pick<RetryPolicy, 'minDelayMs' | 'maxDelayMs' | 'factor' | 'jitter'>,
  attempt: number,
  random: () => number,
): number {
  const min = policy.minDelayMs ?? retryDefaults.minDelayMs
  const max = policy.maxDelayMs ?? retryDefaults.maxDelayMs
  const whole = Math.min(max, min * (policy.factor ?? retryDefaults.factor) ** (attempt - 1))
  return (policy.jitter ?? retryDefaults.jitter) ? whole * (0.5 + random() / 2) : whole
}

/** How long to park a step before the attempt after `attempt`, where `delayBefore` gives up; `undefined` when not. */
export function deferralBefore(
  policy: StepRetry | undefined,
  attempt: number,
  error: unknown,
): number | undefined {
  if (policy?.deferFor === undefined || !mayTryAgain(policy, attempt, error)) return undefined
  return policy.deferFor(error)
}

function mayTryAgain(policy: RetryPolicy, attempt: number, error: unknown): boolean {
  if (attempt >= (policy.maxAttempts ?? retryDefaults.maxAttempts)) return false
  if (HarnessError.is(error, 'operation/cancelled')) return false
  return policy.retryOn === undefined || policy.retryOn(error)
}
