import { checkOptions, invalidOption } from '../define/check.ts'
import { readAll } from '../feed/read.ts'
import { inboxStream, runStream } from '../feed/streams.ts'
import { bindingOf, openConsents, type OpenConsent } from '../history/approvals.ts'
import { foldRun } from '../history/fold.ts'
import { decodeValue } from '../history/stored-value.ts'
import type { Head, Json } from '../ports/index.ts'
import { answerApproval, isDecided, refusedApproval } from '../run/approve.ts'
import type { Engine } from '../run/engine.ts'
import { toRunHead, type RunHead } from '../run/heads.ts'
import { whileOpen } from '../run/open.ts'
import { hashJson } from '../schema/json.ts'

/** A call that waits for somebody to decide. A decision is bound to all of it. */
export interface Approval {
  readonly runId: string
  readonly sessionId: string
  readonly approvalId: string
  /** Names the call in its run, as events do. */
  readonly key: string
  readonly tool: string
  readonly toolVersion: string
  readonly arguments: Json
  readonly argumentsHash: string
  /** The model's id of the call; absent when a workflow calls the tool. */
  readonly callId?: string
  readonly agent?: string
  /** Milliseconds since the epoch. */
  readonly requestedAt: number
  /** Milliseconds since the epoch; absent: it does not expire. */
  readonly expiresAt?: number
}

/** Conditions of `approvals.list`, joined by *and*. */
export interface ApprovalFilter {
  readonly sessionId?: string
  readonly runId?: string
  /** At most this many; default 100, at most 1,000. */
  readonly limit?: number
}

/** A decision about an approval. */
export interface ApprovalResolution {
  readonly decision: 'allow' | 'deny'
  /** Who decided, for the record. */
  readonly by?: string
  /** The model sees it when the call is denied. At most 1,000 characters. */
  readonly reason?: string
  /** The same id again is recorded once. Default: a new one. */
  readonly commandId?: string
}

/** Calls of tools that wait for a decision, whichever process executes their runs. */
export interface Approvals {
  /** Those that can still be decided, in the order of their runs and then of the requests. */
  list(filter?: ApprovalFilter): Promise<Approval[]>
  /** Records a decision about an approval as it was listed. Refused as `approval/refused` when it cannot count. */
  resolve(approval: Approval, resolution: ApprovalResolution): Promise<void>
}

/** The approvals of one harness. */
export function createApprovals(engine: Engine): Approvals {
  return {
    list: (filter = {}) => whileOpen(engine, () => listApprovals(engine, filter)),
    resolve: (approval, resolution) =>
      whileOpen(engine, () => resolveApproval(engine, approval, { ...resolution })),
  }
}

async function listApprovals(engine: Engine, filter: ApprovalFilter): Promise<Approval[]> {
  checkOptions('approvals.list', { ...filter }, { limit: 'count', sessionId: 'sessionId', runId: 'runId' })
  const limit = Math.min(filter.limit ?? 100, 1_000)
  const found: Approval[] = []
  for await (const head of waitingRuns(engine, filter)) {
    found.push(...(await openApprovals(engine, toRunHead(head))))
    if (found.length >= limit) break
  }
  return found.slice(0, limit)
}

async function resolveApproval(
  engine: Engine,
  approval: Approval,
  resolution: ApprovalResolution,
): Promise<void> {
  const { decision, by, reason, commandId } = resolution
  checkResolution(approval, { decision, by, reason })
  const { runId, approvalId, key, expiresAt } = approval
  if (hashJson(approval.arguments) !== approval.argumentsHash) throw refusedApproval(approval, 'mutated')
  const binding = bindingOf({ runId, key, approvalId, expiresAt, subject: subjectOf(approval) })
  const answer = { decision, ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) }
  await answerApproval(engine, { runId, approvalId, binding }, answer, commandId)
}

/** Heads of runs that may have an open approval, page by page: the others are not read. */
async function* waitingRuns(engine: Engine, { sessionId, runId }: ApprovalFilter): AsyncGenerator<Head> {
  for (let after: string | undefined; ;) {
    const page = await engine.journal.heads({
      kind: 'run',
      states: ['running', 'suspended'],
      ...(sessionId !== undefined && { group: sessionId }),
      ...(runId !== undefined && { streams: [runStream(runId)] }),
      ...(after !== undefined && { after }),
    })
    yield* page.filter((head) => (toRunHead(head).openApprovals ?? 0) > 0)
    if (page.length < 1_000) return
    after = page.at(-1)?.stream
  }
}

/** The approvals of a run that a decision could still count for. */
async function openApprovals(engine: Engine, { runId, sessionId }: RunHead): Promise<Approval[]> {
  const history = foldRun(await readAll(engine.journal, runStream(runId)))
  const open = history === undefined ? [] : openConsents(history)
  if (open.length === 0) return []
  const inbox = await readAll(engine.journal, inboxStream(runId))
  const now = engine.platform.now()
  const undecided = open.filter(
    (consent) => (consent.request.expiresAt ?? Infinity) >= now && !isDecided(consent, inbox),
  )
  return Promise.all(undecided.map((consent) => toApproval(engine, { runId, sessionId }, consent)))
}

async function toApproval(
  engine: Engine,
  run: { readonly runId: string; readonly sessionId: string },
  { key, request }: OpenConsent,
): Promise<Approval> {
  const { approvalId, requestedAt, expiresAt, subject } = request
  return {
    ...run,
    approvalId,
    key,
    ...subject,
    arguments: (await decodeValue(request, engine.blobs)) as Json,
    requestedAt,
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

function subjectOf({ tool, toolVersion, argumentsHash, callId, agent }: Approval) {
  return {
    tool,
    toolVersion,
    argumentsHash,
    ...(callId !== undefined && { callId }),
    ...(agent !== undefined && { agent }),
  }
}

function checkResolution(approval: Approval, resolution: Readonly<Record<string, unknown>>): void {
  const what = 'approvals.resolve'
  if (typeof approval?.runId !== 'string' || typeof approval.approvalId !== 'string')
    invalidOption(what, 'approval', 'pass an approval as approvals.list gave it')
  const { decision } = resolution
  checkOptions(what, { ...resolution, runId: approval.runId, decision: decision ?? null }, rules)
}

const rules = { runId: 'runId', decision: 'decision', by: 'shortText', reason: 'text' } as const
