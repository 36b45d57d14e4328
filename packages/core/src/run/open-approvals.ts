import type { ApprovalRefusal, AskRecord, CommittedEvents } from '../history/event.ts'
import { endOf, isOfRun, isOpen, type OpenConsent } from '../history/approvals.ts'
import type { Head, Timer } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import type { ApproveCommand } from './commands.ts'
import { runFacts, runHead } from './heads.ts'

/** What became of an approval: the entry that says so. */
export type Resolution = CommittedEvents['approval.resolved']

/** An approval that a step waits for. */
export interface OpenApproval {
  readonly consent: OpenConsent
  /** What its step was asked for as. */
  readonly ask: AskRecord
  /** What became of it is being recorded: from here on an abort comes too late for it. */
  readonly taken: () => void
  readonly resolve: (resolution: Resolution) => void
}

/** The approvals that steps of one attempt wait for, and how commands and time resolve them. */
export class OpenApprovals {
  readonly #attempt: Attempt
  readonly #open = new Map<string, { readonly approval: OpenApproval; timer: Timer | undefined }>()
  /** Asked for in this attempt, or opened again. */
  readonly #seen = new Set<string>()
  #matching = false
  /** Being recorded now. */
  #requesting = 0

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  get size(): number {
    return this.#open.size
  }

  get ids(): string[] {
    return [...this.#open.keys()]
  }

  /** When the next approval expires. */
  get dueAt(): number | undefined {
    const times = [...this.#open.values()].flatMap(({ approval }) => approval.consent.request.expiresAt ?? [])
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** Records that somebody is asked. */
  async request(data: CommittedEvents['approval.requested']): Promise<void> {
    this.#requesting++
    const event = { type: 'approval.requested', data } as const
    await new Promise((resolve) => this.#attempt.writer.write(event, resolve, this.#head()))
    this.#requesting--
  }

  /** The head of the run says how many are open, so that whoever lists them reads no run without one. */
  #head(): Head {
    const { identity, history, platform } = this.#attempt
    const openApprovals = this.size + this.#requesting
    return runHead({
      ...runFacts(identity, history, identity.attempt),
      state: 'running',
      updatedAt: platform.now(),
      ...(openApprovals > 0 && { openApprovals }),
    })
  }

  add(approval: OpenApproval): void {
    const { approvalId, expiresAt } = approval.consent.request
    const slot: { approval: OpenApproval; timer: Timer | undefined } = { approval, timer: undefined }
    this.#open.set(approvalId, slot)
    this.#seen.add(approvalId)
    if (expiresAt !== undefined) {
      const delay = Math.max(0, expiresAt - this.#attempt.platform.now())
      slot.timer = this.#attempt.platform.timer(delay, () => this.#onDue(approval))
    }
    this.#matchSoon()
  }

  /** Nobody waits for it any more: resolved or cut off. */
  remove(approvalId: string): void {
    this.#open.get(approvalId)?.timer?.cancel()
    this.#open.delete(approvalId)
  }

  clear(): void {
    for (const approvalId of this.#open.keys()) this.remove(approvalId)
  }

  /**
   * Consumes a decision: one that fits resolves its approval, any other is recorded as rejected and changes
   * nothing. False for one whose step has not come to its approval yet.
   */
  consume(command: ApproveCommand): boolean {
    const approval = this.#open.get(command.approvalId)?.approval
    if (approval === undefined) {
      const known = this.#attempt.history.approvals.get(command.approvalId)
      if (isOpen(known) && !this.#seen.has(command.approvalId)) return false
    }
    const refusal = this.#refusalOf(command, approval)
    if (refusal !== undefined || approval === undefined) this.#reject(command, refusal ?? 'unknown')
    else {
      const { decision, by, reason, commandId, at } = command
      this.#resolve(approval, {
        decision,
        decidedAt: at,
        commandId,
        ...(by !== undefined && { by }),
        ...(reason !== undefined && { reason }),
      })
    }
    return true
  }

  #refusalOf(command: ApproveCommand, approval: OpenApproval | undefined): ApprovalRefusal | undefined {
    const { approvalId, binding, at, decision } = command
    const { runId } = this.#attempt.identity
    if (approval === undefined) {
      if (!isOfRun(approvalId, runId)) return 'wrong_run'
      const known = this.#attempt.history.approvals.get(approvalId)
      if (known !== undefined) return endOf(known) ?? 'already_resolved'
      return this.#seen.has(approvalId) ? 'already_resolved' : 'unknown'
    }
    const { expiresAt } = approval.consent.request
    if (binding !== approval.consent.binding) return 'mutated'
    if (decision !== 'allow' && decision !== 'deny') return 'invalid'
    return expiresAt !== undefined && at > expiresAt ? 'expired' : undefined
  }

  #reject({ approvalId, commandId }: ApproveCommand, reason: ApprovalRefusal): void {
    const attempt = this.#attempt
    attempt.begin()
    void attempt
      .append({ type: 'approval.rejected', data: { approvalId, commandId, reason } })
      .then(() => attempt.end())
  }

  /** All approvals that are opened together are known before one of them gets a decision. */
  #matchSoon(): void {
    if (this.#matching) return
    this.#matching = true
    queueMicrotask(() => {
      this.#matching = false
      this.#attempt.inbox.match()
    })
  }

  /** A decision that was recorded in time counts, so the inbox is read once more. */
  #onDue(approval: OpenApproval): void {
    const attempt = this.#attempt
    attempt
      .io(() => attempt.inbox.read())
      .then(() => attempt.releases.whenOpen(() => this.#expire(approval)))
      .catch((error: unknown) => attempt.fault(error))
  }

  #expire(approval: OpenApproval): void {
    const { approvalId } = approval.consent.request
    if (this.#open.get(approvalId)?.approval !== approval) return
    this.#resolve(approval, { decision: 'expired', decidedAt: this.#attempt.platform.now() })
  }

  #resolve(
    approval: OpenApproval,
    end: Pick<Resolution, 'decision' | 'decidedAt' | 'by' | 'reason' | 'commandId'>,
  ): void {
    const attempt = this.#attempt
    const { ask, consent } = approval
    const { binding, request } = consent
    const { approvalId } = request
    this.remove(approvalId)
    const data: Resolution = {
      ...ask,
      approvalId,
      binding,
      ...end,
    }
    // From here on the run is not at rest: the step goes on.
    attempt.begin()
    approval.taken()
    attempt.writer.write({ type: 'approval.resolved', data }, () => approval.resolve(data), this.#head())
  }
}
