import { checkOptions, invalidOption } from '../define/check.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { readAll } from '../feed/read.ts'
import { runStream, sessionStream } from '../feed/streams.ts'
import { commit } from '../feed/writer.ts'
import type { CommittedEvents } from '../history/event.ts'
import { chainOf, foldRun, type RunHistory } from '../history/fold.ts'
import { encodeValue } from '../history/stored-value.ts'
import { isCodedError, type Batch, type Entry, type EntryInput, type Json } from '../ports/index.ts'
import { busyError, takeSession } from '../run/busy.ts'
import { targetOf, type Definition } from '../run/definition.ts'
import type { Engine } from '../run/engine.ts'
import type { RunHandle } from '../run/handle.ts'
import { shareSnapshots } from '../run/forgotten-files.ts'
import { occupantOf, positionOf, runFacts, runHead, sessionHead, type RunHead } from '../run/heads.ts'
import type { Ownership } from '../run/owner.ts'
import { resumeOwned } from '../run/resume.ts'
import { messagesOf, readConversation } from '../session/conversation-reader.ts'
import { requireDefinition, requireHead } from './lookup.ts'

/** Where a fork begins. */
export interface ForkOptions {
  /** Default: a new id. */
  readonly runId?: string
  /** Default: a new session with the conversation that the run had seen. */
  readonly sessionId?: string
  /** The last position to keep. Default: before the failure, or everything before the end. */
  readonly at?: number
}

/**
 * A new run that has the history of another up to a position and goes on from there, in a session of its own
 * unless one is named. The first run stays as it is. What the kept part recorded is not paid for again.
 */
export async function forkRun(engine: Engine, runId: string, options: ForkOptions): Promise<RunHandle> {
  checkOptions('runs.fork', options as Readonly<Record<string, unknown>>, {
    runId: 'runId',
    sessionId: 'sessionId',
  })
  const source = await requireHead(engine, runId)
  const definition =
    engine.resolve(source.target.kind, source.target.name) ?? requireDefinition(engine, source)
  const entries = await readAll(engine.journal, runStream(runId))
  const history = foldRun(entries)
  if (history === undefined) throw new TypeError(`The run "${runId}" has no entries.`)
  const at = positionToKeep(history, options.at)
  refuseOpenIntent(runId, foldRun(entries.filter(({ position }) => position <= at)), at)
  const forkId = options.runId ?? engine.platform.id()
  const sessionId = options.sessionId ?? `fork:${forkId}`
  const owner = await takeSession(engine, sessionId, forkId)
  try {
    const kept = { runId, at, entries: keptEntries(entries, at) }
    await recordFork(engine, { definition, forkId, sessionId, owner, source: history, kept })
    return await resumeOwned(engine, { runId: forkId, sessionId, definition, owner })
  } catch (error) {
    await owner.release().catch(() => undefined)
    throw error
  }
}

interface NewFork {
  readonly definition: Definition
  readonly forkId: string
  readonly sessionId: string
  readonly owner: Ownership
  readonly source: RunHistory
  readonly kept: { readonly runId: string; readonly at: number; readonly entries: readonly EntryInput[] }
}

/** Recorded as a run that executes: if this process dies before it goes on, workers find it. */
async function recordFork(engine: Engine, fork: NewFork): Promise<void> {
  const { definition, forkId, sessionId, owner, source, kept } = fork
  const place = await placeOf(engine, { sessionId, source })
  const started: CommittedEvents['run.started'] = {
    ...source.started,
    // The fork runs the code that is there now; a replay says where that does not fit.
    target: targetOf(definition),
    sessionId,
    durable: true,
    historyPosition: place.historyPosition,
    forkedFrom: { runId: kept.runId, position: kept.at },
  }
  const now = engine.platform.now()
  const head: RunHead = {
    ...runFacts(
      { runId: forkId, sessionId },
      { started, startedAt: now, hasSuspended: false },
      source.attempt,
    ),
    state: 'running',
    updatedAt: now,
  }
  const begin: EntryInput = { type: 'run.started', at: now, data: started as unknown as Json }
  await commitFork(engine, forkId, {
    fence: owner.fence,
    expect: [{ stream: runStream(forkId), position: 0 }, ...place.expect],
    entries: [{ stream: runStream(forkId), entries: [begin, ...kept.entries] }, ...place.entries],
    heads: [
      runHead(head),
      sessionHead({ sessionId, runId: forkId, position: place.position, updatedAt: now }),
    ],
  })
  const refs = snapshotRefs(kept.entries)
  await shareSnapshots(engine, { runId: forkId, sessionId, startedAt: now, refs })
}

function snapshotRefs(entries: readonly EntryInput[]): ReadonlySet<string> {
  const snapshots = entries.filter(({ type }) => type === 'workspace.snapshotted')
  return new Set(snapshots.map(({ data }) => (data as unknown as { readonly ref: string }).ref))
}

function keptEntries(entries: readonly Entry[], at: number): EntryInput[] {
  return entries
    .filter((entry) => entry.position > 1 && entry.position <= at)
    .map(({ type, at: time, data }) => ({ type, at: time, data }))
}

/** The end itself is never kept: what has ended cannot go on. */
function positionToKeep(history: RunHistory, asked: number | undefined): number {
  const last = history.finished === undefined ? history.lastPosition : history.lastPosition - 1
  if (asked === undefined) return Math.min(last, (chainOf(history.finished)[0]?.position ?? Infinity) - 1)
  if (Number.isInteger(asked) && asked >= 1 && asked <= last) return asked
  return invalidOption('runs.fork', 'at', `pass a position from 1 to ${last}`)
}

/**
 * An effect that may not run twice had begun, and what became of it is not in the kept part: the fork could neither run
 * it nor go without it.
 */
function refuseOpenIntent(runId: string, kept: RunHistory | undefined, at: number): void {
  const done = new Set(kept?.results.map(({ data }) => data.key))
  const open = [...(kept?.partial.values() ?? [])].find(({ intended, key }) => intended && !done.has(key))
  if (open === undefined) return
  const before = Math.min(...open.positions) - 1
  throw new HarnessError({
    code: 'run/not-resumable',
    message: `At ${at} the run "${runId}" had begun "${open.key}", which may not run twice, and what became of it is not known there. Fork at a position after its end, or at ${before} to let the fork run it again.`,
    meta: { runId, reason: 'open_intent', key: open.key, before },
  })
}

interface ForkPlace extends Required<Pick<Batch, 'entries' | 'expect'>> {
  /** Last position of the session's stream after the batch. */
  readonly position: number
  /** How far the history of the fork's session counts for it. */
  readonly historyPosition: number
}

/** A session that exists keeps its own conversation; a new one gets the conversation that the run had seen. */
async function placeOf(
  engine: Engine,
  fork: { readonly sessionId: string; readonly source: RunHistory },
): Promise<ForkPlace> {
  const { sessionId, source } = fork
  const { started } = source
  const stream = sessionStream(sessionId)
  const [head] = await engine.journal.heads({ streams: [stream] })
  const occupant = occupantOf(head)
  if (occupant !== undefined) throw busyError(sessionId, occupant, 'suspended_run')
  const none = { entries: [], expect: [], position: positionOf(head) }
  if (sessionId === started.sessionId) return { ...none, historyPosition: started.historyPosition }
  if (head !== undefined) return { ...none, historyPosition: positionOf(head) }
  const upTo = started.historyPosition
  const messages = upTo === 0 ? [] : messagesOf(await readConversation(engine, started.sessionId, { upTo }))
  if (messages.length === 0) return { ...none, historyPosition: 0 }
  const { stored } = await encodeValue(messages, 'The conversation of the fork', engine.blobs)
  const now = engine.platform.now()
  const entry: EntryInput = { type: 'session.replaced', at: now, data: stored as unknown as Json }
  return {
    entries: [{ stream, entries: [entry] }],
    expect: [{ stream, position: 0 }],
    position: 1,
    historyPosition: 1,
  }
}

async function commitFork(engine: Engine, forkId: string, batch: Omit<Batch, 'id'>): Promise<void> {
  try {
    await commit(engine, batch)
  } catch (error) {
    if (!isCodedError(error, 'journal/conflict')) throw error
    throw new HarnessError({
      code: 'run/conflict',
      message: `The run id "${forkId}" or its session is taken. Use another runId.`,
      meta: { runId: forkId },
    })
  }
}
