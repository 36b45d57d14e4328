import type { Entry } from '../ports/index.ts'
import { hashJson } from '../schema/json.ts'
import type { ApprovalDecision, ApprovalRefusal, ApprovalSubject, CommittedEvents } from './event.ts'

/** Consent that a step asked for before its effect, as far as it is recorded. */
export interface ConsentRecord {
  readonly key: string
  readonly binding: string
  /** Absent when a hook decided, so that nobody was asked. */
  readonly request?: CommittedEvents['approval.requested'] & { readonly requestedAt: number }
  resolved?: CommittedEvents['approval.resolved']
  /** Its step or the scope around it has ended, or the run goes on without it. */
  closed: boolean
}

/** A consent that somebody can still give. */
export type OpenConsent = ConsentRecord & { readonly request: NonNullable<ConsentRecord['request']> }

/** Everything that a decision is bound to. */
export interface Bound {
  readonly runId: string
  readonly key: string
  readonly subject: ApprovalSubject
  /** Absent for the answer of a hook. */
  readonly approvalId?: string | undefined
  readonly expiresAt?: number | undefined
}

/** One hash over everything that a decision is bound to: whatever is changed gives another one. */
export function bindingOf({ runId, key, subject, approvalId, expiresAt }: Bound): string {
  return hashJson({ runId, key, subject, approvalId, expiresAt })
}

/** The id begins with a hash of the run, so that an approval of another run is known as such without a search. */
export function approvalIdOf(runId: string, unique: string): string {
  return `${runMark(runId)}.${unique}`
}

/** Whether an approval was asked for by this run. */
export function isOfRun(approvalId: string, runId: string): boolean {
  return approvalId.startsWith(`${runMark(runId)}.`)
}

function runMark(runId: string): string {
  return hashJson(runId).slice(0, 8)
}

/** Whether somebody can still decide. */
export function isOpen(consent: ConsentRecord | undefined): consent is OpenConsent {
  return consent?.request !== undefined && consent.resolved === undefined && !consent.closed
}

/** How a consent that was recorded ended. */
export function decisionOf(consent: ConsentRecord | undefined): ApprovalDecision | undefined {
  return consent?.resolved?.decision
}

/** Why nobody can decide any more; `undefined` while somebody can. */
export function endOf(consent: ConsentRecord): ApprovalRefusal | undefined {
  const decision = decisionOf(consent)
  if (decision === 'expired' || decision === 'withdrawn') return decision
  if (decision !== undefined) return 'already_resolved'
  return consent.closed ? 'withdrawn' : undefined
}

/** What folding approvals changes. */
interface Folded {
  readonly approvals: Map<string, ConsentRecord>
  readonly commands: Set<string>
}

/** Folds `approval.requested` and `approval.resolved`; gives the consent of their step. */
export function foldApproval(history: Folded, entry: Entry): ConsentRecord {
  if (entry.type === 'approval.requested') {
    const data = entry.data as unknown as CommittedEvents['approval.requested']
    const { key, binding, approvalId } = data
    const consent = { key, binding, request: { ...data, requestedAt: entry.at }, closed: false }
    history.approvals.set(approvalId, consent)
    return consent
  }
  const resolved = entry.data as unknown as CommittedEvents['approval.resolved']
  const { key, binding, approvalId, commandId } = resolved
  if (commandId !== undefined) history.commands.add(commandId)
  const asked = approvalId === undefined ? undefined : history.approvals.get(approvalId)
  if (asked === undefined) return { key, binding, resolved, closed: false }
  asked.resolved = resolved
  return asked
}

/** An entry that a resume took out: its step asks anew, and what was decided before is used up. */
export function forgetApproval(history: Folded, entry: Entry): void {
  foldApproval(history, entry).closed = true
}

/** A step or a scope has ended: nobody waits for an approval in it any more. */
export function foldEndOf(history: Folded, ended: string): void {
  for (const consent of history.approvals.values()) {
    if (consent.key === ended || consent.key.startsWith(`${ended}/`)) consent.closed = true
  }
}

/** The approvals that somebody can still decide. */
export function openConsents(history: Pick<Folded, 'approvals'>): OpenConsent[] {
  return [...history.approvals.values()].filter((consent) => isOpen(consent))
}
