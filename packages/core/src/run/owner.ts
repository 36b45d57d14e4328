import type { HarnessError } from '../errors/harness-error.ts'
import { sessionLease } from '../feed/streams.ts'
import type { Fence, LeaseState, Timer } from '../ports/index.ts'
import { fencedError } from './attempt-end.ts'
import type { Engine } from './engine.ts'

/**
 * Holds the lease of a session while one of its runs executes. It renews, and it knows by its own monotonic
 * clock when the lease may be over: from then on no effect starts, even if nobody has said so yet.
 */
export class Ownership {
  readonly fence: Fence
  /** Last position of the session's stream; only the holder of the lease moves it. */
  sessionPosition = 0
  readonly #engine: Engine
  #deadline: number
  #timer: Timer | undefined
  #stopped = false
  #lost = false
  #onLost: ((error: HarnessError) => void) | undefined

  constructor(engine: Engine, sessionId: string, lease: LeaseState, acquiredAt: number) {
    this.#engine = engine
    this.fence = { leaseKey: sessionLease(sessionId), token: lease.token }
    this.#deadline = acquiredAt + lease.remainingMs
  }

  /** Starts renewing; `onLost` is called at most once. */
  hold(onLost: (error: HarnessError) => void): void {
    this.#onLost = onLost
    this.#arm()
  }

  /** Whether an effect may start now. */
  mayAct(): boolean {
    if (this.#stopped) return false
    if (this.#engine.platform.monotonic() < this.#deadline) return true
    this.#lose()
    return false
  }

  /** Stops renewing; the lease itself was released with the last batch, or is left to expire. */
  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /** Gives the lease up when nothing was or will be written under it. */
  async release(): Promise<void> {
    this.stop()
    await this.#engine.leases.release(this.fence.leaseKey, this.fence.token)
  }

  /** Gives up what is left of the lease so that nobody has to wait for its end. Never rejects: it expires anyway. */
  async giveUp(): Promise<void> {
    if (!this.#lost) await this.release().catch(() => undefined)
  }

  #arm(): void {
    this.#timer = this.#engine.platform.timer(this.#engine.timing.leaseRenewMs, () => void this.#renew())
  }

  async #renew(): Promise<void> {
    const { platform, leases, timing } = this.#engine
    // The lease counts from before the call: the store may have set its end right then.
    const askedAt = platform.monotonic()
    try {
      const lease = await leases.renew(this.fence.leaseKey, this.fence.token, timing.leaseTtlMs)
      if (this.#stopped) return
      if (lease === undefined) return this.#lose()
      this.#deadline = askedAt + lease.remainingMs
    } catch {
      // A store that cannot answer now may answer the next time; the deadline decides.
      if (this.#stopped || !this.mayAct()) return
    }
    this.#arm()
  }

  #lose(): void {
    if (this.#stopped) return
    this.#lost = true
    this.stop()
    this.#onLost?.(fencedError())
  }
}

/** Either ownership, or who has the session. */
export type AcquireOutcome =
  { readonly owner: Ownership } | { readonly owner: undefined; readonly holder: LeaseState }

/** Takes the lease of a session; a dead owner on this host does not have to be waited for. */
export async function acquireSession(engine: Engine, sessionId: string): Promise<AcquireOutcome> {
  const key = sessionLease(sessionId)
  const { platform, leases, timing } = engine
  for (let tries = 0; ; tries++) {
    const askedAt = platform.monotonic()
    const result = await leases.acquire(key, platform.owner(), timing.leaseTtlMs)
    if (result.acquired) return { owner: new Ownership(engine, sessionId, result.lease, askedAt) }
    const { holder } = result
    const isDead = holder.owner !== platform.owner() && platform.liveness(holder.owner) === 'dead'
    if (tries > 0 || !isDead) return { owner: undefined, holder }
    await leases.reclaim(key, holder.owner)
  }
}
