import {
  bindingOf,
  approvalIdOf,
  decisionOf,
  isOpen,
  type ConsentRecord,
  type OpenConsent,
} from '../history/approvals.ts'
import type { AskRecord, CommittedEvents } from '../history/event.ts'
import { encodeValue } from '../history/stored-value.ts'
import type { Attempt } from './attempt.ts'
import type { Denial, GateSpec } from './definition.ts'
import { runBody } from './effect.ts'
import type { Resolution } from './open-approvals.ts'
import { Cancellation } from './signal.ts'

/** Whether an effect may happen; `undefined` when its scope was aborted meanwhile. */
export type GateEnd =
  { readonly allowed: true } | { readonly allowed: false; readonly error: unknown } | undefined

/** What passing a gate needs. */
export interface GateInit {
  readonly attempt: Attempt
  readonly ask: AskRecord
  readonly gate: GateSpec | undefined
  readonly cancellation: Cancellation
}

/**
 * Consent before an effect. What was decided is recorded before the effect begins, and counts only for what it
 * was asked for: the run, the call, the version of the code and the arguments are compared again each time.
 */
export async function passGate(init: GateInit): Promise<GateEnd> {
  const { gate, ask, attempt } = init
  const known = attempt.history.partial.get(ask.key)?.consent
  if (gate === undefined || gate.permission === 'deny') {
    if (isOpen(known)) await withdraw(init, known)
    return gate === undefined ? { allowed: true } : { allowed: false, error: gate.denied({ why: 'policy' }) }
  }
  return new Gate(init, gate).pass(known)
}

class Gate {
  readonly #init: GateInit
  readonly #gate: GateSpec

  constructor(init: GateInit, gate: GateSpec) {
    this.#init = init
    this.#gate = gate
  }

  async pass(known: ConsentRecord | undefined): Promise<GateEnd> {
    if (decisionOf(known) !== undefined && decisionOf(known) !== 'withdrawn') {
      const end = this.#check(known?.resolved as Resolution, known?.request?.expiresAt)
      if (end !== undefined) return end
    } else if (isOpen(known)) {
      if (this.#isFor(known.request.approvalId, known.request.expiresAt, known.binding))
        return this.#wait(known)
      await withdraw(this.#init, known)
    }
    return this.#askAnew()
  }

  async #askAnew(): Promise<GateEnd> {
    const { attempt, ask, cancellation } = this.#init
    const answer = await this.#askHook()
    if (cancellation.aborted || attempt.over) return undefined
    if (answer === 'failed') return this.#denied({ why: 'hook_failed' })
    if (answer === 'deny') return this.#denied({ why: 'hook' })
    if (answer !== 'allow') return this.#request()
    const decidedAt = attempt.platform.now()
    const data: Resolution = { ...ask, binding: this.#bindingOf(), decision: 'allow', decidedAt }
    await attempt.append({ type: 'approval.resolved', data })
    return { allowed: true }
  }

  /** A hook that throws, takes too long or gives anything else denies. */
  async #askHook(): Promise<'allow' | 'deny' | 'ask' | 'failed'> {
    const { hook, hookTimeoutMs } = this.#gate
    if (hook === undefined) return 'ask'
    const { attempt, ask, cancellation } = this.#init
    const limited = new Cancellation(cancellation)
    const end = await runBody(() => hook(limited.signal), {
      platform: attempt.platform,
      cancellation: limited,
      what: `The permission of "${ask.key}"`,
      noun: 'tool',
      timeoutMs: hookTimeoutMs,
      abortGraceMs: attempt.engine.timing.abortGraceMs,
    })
    limited.dispose()
    if (end.status === 'failed') return 'failed'
    const { value = 'ask' } = end
    return value === 'allow' || value === 'deny' || value === 'ask' ? value : 'failed'
  }

  async #request(): Promise<GateEnd> {
    const { attempt, ask } = this.#init
    const { subject, content, timeoutMs } = this.#gate
    const { platform, identity, engine } = attempt
    const approvalId = approvalIdOf(identity.runId, platform.id())
    const expiresAt = timeoutMs > 0 ? platform.now() + timeoutMs : undefined
    const { stored } = await encodeValue(content, `What "${ask.key}" asks for`, engine.blobs)
    const binding = this.#bindingOf(approvalId, expiresAt)
    const due = expiresAt === undefined ? {} : { expiresAt }
    const data: CommittedEvents['approval.requested'] = {
      ...ask,
      ...stored,
      approvalId,
      binding,
      subject,
      ...due,
    }
    const requestedAt = platform.now()
    await attempt.approvals.request(data)
    return this.#wait({ key: ask.key, binding, request: { ...data, requestedAt }, closed: false })
  }

  /** While it waits nothing is under way; the run ends no sooner than the wait. */
  async #wait(consent: OpenConsent): Promise<GateEnd> {
    const { attempt, ask, cancellation } = this.#init
    const { approvalId, expiresAt } = consent.request
    if (cancellation.aborted || attempt.over) return undefined
    const resolution = await new Promise<Resolution | undefined>((resolve) => {
      attempt.openScopes++
      const leave = (): void => {
        stopListening()
        attempt.openScopes--
      }
      const stopListening = cancellation.onAbort(() => {
        attempt.approvals.remove(approvalId)
        leave()
        attempt.begin()
        resolve(undefined)
      })
      attempt.approvals.add({
        consent,
        ask,
        taken: leave,
        resolve,
      })
      attempt.end()
    })
    if (resolution === undefined) return undefined
    return this.#check(resolution, expiresAt) ?? this.#askAnew()
  }

  /** `undefined`: it was decided about something else, so that it has to be asked for anew. */
  #check(resolution: Resolution, expiresAt: number | undefined): GateEnd {
    const { decision, approvalId, binding, decidedAt, reason } = resolution
    if (decision === 'expired') return this.#denied({ why: 'expired' })
    if (decision === 'deny') return this.#denied({ why: 'decision', ...(reason !== undefined && { reason }) })
    if (!this.#isFor(approvalId, expiresAt, binding)) return undefined
    if (expiresAt !== undefined && decidedAt > expiresAt) return this.#denied({ why: 'expired' })
    return { allowed: true }
  }

  #isFor(approvalId: string | undefined, expiresAt: number | undefined, binding: string): boolean {
    return this.#bindingOf(approvalId, expiresAt) === binding
  }

  #bindingOf(approvalId?: string, expiresAt?: number): string {
    const { runId } = this.#init.attempt.identity
    const { key } = this.#init.ask
    return bindingOf({ runId, key, subject: this.#gate.subject, approvalId, expiresAt })
  }

  #denied(denial: Denial): GateEnd {
    return { allowed: false, error: this.#gate.denied(denial) }
  }
}

/** What an earlier request was for is no longer asked for. */
async function withdraw({ attempt, ask }: GateInit, { request, binding }: OpenConsent): Promise<void> {
  const { approvalId } = request
  const decidedAt = attempt.platform.now()
  const data: Resolution = { ...ask, approvalId, binding, decision: 'withdrawn', decidedAt }
  await attempt.append({ type: 'approval.resolved', data })
}
