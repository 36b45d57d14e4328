import { HarnessError } from '../errors/harness-error.ts'
import { readAll } from '../feed/read.ts'
import { inboxStream, runStream } from '../feed/streams.ts'
import { commit } from '../feed/writer.ts'
import { endOf, isOfRun, type ConsentRecord } from '../history/approvals.ts'
import type { ApprovalRefusal, CommandEvents } from '../history/event.ts'
import { foldRun } from '../history/fold.ts'
import { isCodedError, type Entry } from '../ports/index.ts'
import { canonicalJson } from '../schema/json.ts'
import { inboxHead, unreadState } from './heads.ts'
import { checkCommandId, reusedCommandId, shortId, type CommandDeps } from './commands.ts'

/** An approval as somebody holds it who wants to decide. */
export interface HeldApproval {
  readonly runId: string
  readonly approvalId: string
  /** Computed from what is held, so that any change of it shows. */
  readonly binding: string
}

/** A decision. */
export interface ApprovalAnswer {
  readonly decision: 'allow' | 'deny'
  readonly by?: string
  readonly reason?: string
}

/**
 * Records a decision in the inbox of the run, if it can still count. The batch expects the inbox as it was read, so
 * of several decisions that race one is recorded. The same command id again is recorded once.
 */
export async function answerApproval(
  deps: CommandDeps,
  held: HeldApproval,
  answer: ApprovalAnswer,
  commandId: string = deps.platform.id(),
): Promise<void> {
  checkCommandId(commandId)
  const { runId, approvalId, binding } = held
  const data: CommandEvents['command.approve'] = { commandId, approvalId, binding, ...answer }
  for (;;) {
    const inbox = await readAll(deps.journal, inboxStream(runId))
    const same = inbox.find((entry) => commandIdOf(entry) === commandId)
    if (same !== undefined) return checkSame(runId, same, data)
    const sessionId = await checkOpen(deps, held, inbox)
    const now = deps.platform.now()
    try {
      await commit(deps, {
        id: `command/${shortId(runId)}/${commandId}`,
        expect: [{ stream: inboxStream(runId), position: inbox.at(-1)?.position ?? 0 }],
        entries: [
          {
            stream: inboxStream(runId),
            entries: [{ type: 'command.approve', at: now, data }],
          },
        ],
        heads: [inboxHead({ runId, sessionId }, unreadState, now)],
      })
      return
    } catch (error) {
      // Another command came first: look again whether this one still counts.
      if (!isCodedError(error, 'journal/conflict')) throw error
    }
  }
}

/** The error of a decision that does not count. */
export function refusedApproval(
  approval: { readonly runId: string; readonly approvalId: string },
  reason: ApprovalRefusal,
): HarnessError {
  const { runId, approvalId } = approval
  return new HarnessError({
    code: 'approval/refused',
    message: `The approval "${approvalId}" of the run "${runId}" is refused: ${advice[reason]}`,
    meta: { runId, approvalId, reason },
  })
}

const advice: Readonly<Record<ApprovalRefusal, string>> = {
  unknown: 'this run has not asked for it. List the open approvals.',
  wrong_run: 'another run has asked for it. Pass the approval as it was listed.',
  mutated: 'it is not what was asked for. Pass the approval as it was listed.',
  expired: 'it has expired, and the call was denied.',
  already_resolved: 'it was decided before.',
  withdrawn: 'the run does not wait for it any more. List the open approvals.',
  invalid: 'the decision is neither "allow" nor "deny".',
}

/** Refuses a decision that would not count any more; gives the session of the run. */
async function checkOpen(deps: CommandDeps, held: HeldApproval, inbox: readonly Entry[]): Promise<string> {
  const { runId, approvalId, binding } = held
  const refuse = (reason: ApprovalRefusal): never => {
    throw refusedApproval(held, reason)
  }
  if (!isOfRun(approvalId, runId)) refuse('wrong_run')
  const history = foldRun(await readAll(deps.journal, runStream(runId)))
  const consent = history?.approvals.get(approvalId)
  if (history === undefined || consent === undefined) return refuse('unknown')
  if (binding !== consent.binding) refuse('mutated')
  const ended = endOf(consent)
  if (ended !== undefined) refuse(ended)
  if (history.state !== 'running' && history.state !== 'suspended') refuse('withdrawn')
  if (isDecided(consent, inbox)) refuse('already_resolved')
  const expiresAt = consent.request?.expiresAt
  if (expiresAt !== undefined && deps.platform.now() > expiresAt) refuse('expired')
  return history.started.sessionId
}

/** Whether the inbox holds a decision that counts and that the run has not come to yet. */
export function isDecided(consent: ConsentRecord, inbox: readonly Entry[]): boolean {
  return inbox.some(({ type, at, data }) => {
    if (type !== 'command.approve') return false
    const { approvalId, binding, decision } = data as unknown as CommandEvents['command.approve']
    const { request } = consent
    return (
      approvalId === request?.approvalId &&
      binding === consent.binding &&
      (decision === 'allow' || decision === 'deny') &&
      (request.expiresAt === undefined || at <= request.expiresAt)
    )
  })
}

function commandIdOf(entry: Entry): unknown {
  return (entry.data as { readonly commandId?: unknown }).commandId
}

function checkSame(runId: string, entry: Entry, data: CommandEvents['command.approve']): void {
  if (entry.type === 'command.approve' && canonicalJson(entry.data) === canonicalJson(data)) return
  throw reusedCommandId(runId, data.commandId)
}
