import { HarnessError } from '../errors/harness-error.ts'
import { readAll } from '../feed/read.ts'
import { inboxStream, runStream, sessionStream } from '../feed/streams.ts'
import { commit, toEntry } from '../feed/writer.ts'
import { isOpen } from '../history/approvals.ts'
import type { CommittedEvents } from '../history/event.ts'
import { foldRun } from '../history/fold.ts'
import type { Entry, Head } from '../ports/index.ts'
import { abandonEvent, abandonedHead, logAbandoned } from '../run/abandon.ts'
import { toCommand, type SignalCommand } from '../run/commands.ts'
import { isStoreFault } from '../run/attempt-end.ts'
import type { Engine } from '../run/engine.ts'
import type { RunHandle } from '../run/handle.ts'
import { positionOf, runHead, sessionHead, toRunHead, type RunHead } from '../run/heads.ts'
import { acquireSession } from '../run/owner.ts'
import { resumeRun } from '../run/resume.ts'
import { recoverable } from './recoverable.ts'

/** Owners that may die in a row without recording anything before a run is set aside. */
const poisonLimit = 5

/** What one look at the store did. */
export interface RecoverResult {
  readonly resumed: readonly RunHandle[]
  /** Runs that were not durable and whose process died. */
  readonly abandoned: readonly string[]
  /** Runs that were set aside because their owners kept dying. */
  readonly poisoned: readonly string[]
  /** Runs whose code this harness does not have, that are held elsewhere, or that could not go on. */
  readonly skipped: readonly string[]
}

/** Goes on with every recoverable run without a living owner, and with waits that are due or were answered. */
export async function recover(
  engine: Engine,
  options: { readonly limit?: number; readonly skip?: (runId: string) => boolean } = {},
): Promise<RecoverResult> {
  const result = {
    resumed: [] as RunHandle[],
    abandoned: [] as string[],
    poisoned: [] as string[],
    skipped: [] as string[],
  }
  for await (const head of recoverable(engine)) {
    if (result.resumed.length >= (options.limit ?? Infinity)) break
    const run = toRunHead(head)
    if (engine.live.get(run.runId)?.attempt !== undefined || options.skip?.(run.runId) === true) continue
    const outcome = await recoverOne(engine, run)
    if (outcome === 'waiting') continue
    if (typeof outcome === 'object') result.resumed.push(outcome)
    else result[outcome].push(run.runId)
  }
  return result
}

type Outcome = RunHandle | 'waiting' | 'abandoned' | 'poisoned' | 'skipped'

async function recoverOne(engine: Engine, run: RunHead): Promise<Outcome> {
  if (run.state === 'suspended' && !(await isReady(engine, run))) return 'waiting'
  if (run.state === 'running' && !run.recoverable) return closeOrphan(engine, run)
  const definition = engine.resolve(run.target.kind, run.target.name)
  if (definition === undefined || definition.version !== run.target.version) return 'skipped'
  if (run.state === 'running' && (await isPoisoned(engine, run))) return setAside(engine, run)
  try {
    return await resumeRun(engine, run, definition)
  } catch (error) {
    if (isStoreFault(error)) throw error
    // One run that cannot go on must not keep the others from it.
    const code = HarnessError.is(error) ? error.code : 'unknown'
    if (!expected.has(code)) engine.logger.warn('run could not be recovered', { runId: run.runId, code })
    return 'skipped'
  }
}

/** Somebody else is at it: nothing to tell anybody about. */
const expected: ReadonlySet<string> = new Set([
  'run/leased',
  'session/busy',
  'journal/conflict',
  'journal/fenced',
])

/** A suspended run goes on when its time has come or a command came in; a poisoned one only by hand. */
async function isReady(engine: Engine, run: RunHead): Promise<boolean> {
  if (run.suspendReason === 'poisoned') return false
  if (run.dueAt !== undefined && run.dueAt <= engine.platform.now()) return true
  const inbox = await readAll(engine.journal, inboxStream(run.runId))
  if (inbox.length === 0) return false
  const entries = await readAll(engine.journal, runStream(run.runId))
  const history = foldRun(entries)
  const open = openWaits(entries)
  const outOfBudget = suspensionOf(entries)?.parked?.some(({ reason }) => reason === 'budget/exhausted')
  return inbox.some((entry) => {
    const command = toCommand(entry)
    if (command === undefined || history?.commands.has(command.commandId) === true) return false
    if (command.type === 'approve') return isOpen(history?.approvals.get(command.approvalId))
    if (command.type === 'extend') return outOfBudget === true
    return command.type === 'cancel' || open.some((wait) => isFor(command, wait))
  })
}

type OpenWait = CommittedEvents['wait.opened']

/** The waits with which a run was suspended. A signal for any other one would only wake it to suspend again. */
function openWaits(entries: readonly Entry[]): OpenWait[] {
  const keys = new Set(suspensionOf(entries)?.waits)
  return entries
    .filter((entry) => entry.type === 'wait.opened')
    .map((entry) => entry.data as unknown as OpenWait)
    .filter((wait) => !wait.timer && keys.has(wait.key))
}

function suspensionOf(entries: readonly Entry[]): CommittedEvents['run.suspended'] | undefined {
  const suspended = entries.findLast((entry) => entry.type === 'run.suspended')
  return suspended?.data as CommittedEvents['run.suspended'] | undefined
}

function isFor(command: SignalCommand, wait: OpenWait): boolean {
  return command.key === undefined ? command.name === wait.name : command.key === wait.key
}

async function isPoisoned(engine: Engine, run: RunHead): Promise<boolean> {
  if (run.attempt < poisonLimit) return false
  const history = foldRun(await readAll(engine.journal, runStream(run.runId)))
  return history !== undefined && history.lostOwners + 1 >= poisonLimit
}

/** Suspends a run whose owners keep dying, so that it does not take worker after worker with it. */
async function setAside(engine: Engine, run: RunHead): Promise<Outcome> {
  const now = engine.platform.now()
  const written = await writeAsOwner(engine, run, {
    event: { type: 'run.suspended', data: { reason: 'poisoned', waits: [], activeMs: 0 } },
    heads: (position) => [
      runHead({ ...run, state: 'suspended', suspendReason: 'poisoned', recoverable: true, updatedAt: now }),
      sessionHead({ sessionId: run.sessionId, runId: run.runId, position, updatedAt: now }),
    ],
  })
  return written ? 'poisoned' : 'skipped'
}

async function closeOrphan(engine: Engine, run: RunHead): Promise<Outcome> {
  const now = engine.platform.now()
  const written = await writeAsOwner(engine, run, {
    event: abandonEvent(run.runId),
    heads: (position) => [
      abandonedHead(run, now),
      sessionHead({ sessionId: run.sessionId, position, updatedAt: now }),
    ],
  })
  if (written) logAbandoned(engine, run.runId)
  return written ? 'abandoned' : 'skipped'
}

/** Writes the end of an attempt that has no process, unless somebody holds or has moved the run meanwhile. */
async function writeAsOwner(
  engine: Engine,
  run: RunHead,
  batch: {
    readonly event: Parameters<typeof toEntry>[0]
    readonly heads: (sessionPosition: number) => readonly Head[]
  },
): Promise<boolean> {
  const acquired = await acquireSession(engine, run.sessionId)
  if (acquired.owner === undefined) return false
  const { owner } = acquired
  try {
    const stream = runStream(run.runId)
    const rows = await engine.journal.heads({ streams: [stream, sessionStream(run.sessionId)] })
    const row = rows.find((head) => head.stream === stream)
    if (row === undefined || row.updatedAt !== run.updatedAt || row.state !== run.state) {
      await owner.release()
      return false
    }
    await commit(engine, {
      fence: { ...owner.fence, release: true },
      entries: [{ stream, entries: [toEntry(batch.event, engine.platform.now())] }],
      heads: batch.heads(positionOf(rows.find((head) => head !== row))),
    })
    return true
  } catch (error) {
    await owner.release().catch(() => undefined)
    throw error
  }
}
