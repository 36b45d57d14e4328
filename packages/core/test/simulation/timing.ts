import type { EngineTiming } from '../../src/run/engine.ts'

/**
 * The engine's own timing but for the poll, which is short so that polls fall between everything else. The odd
 * fractions tell polls and renewals from other timers.
 */
export const timing: EngineTiming = {
  leaseTtlMs: 10_000,
  leaseRenewMs: 3_000.25,
  inboxPollMs: 25.25,
  suspendGraceMs: 60,
  replayIdleMs: 10_000,
  abortGraceMs: 5_000,
}
