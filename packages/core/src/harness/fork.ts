import { HarnessError } from '../errors/harness-error.ts'
import { readAll } from '../feed/read.ts'
import { runStream } from '../feed/streams.ts'
import { commit } from '../feed/writer.ts'
import type { CommittedEvents } from '../history/event.ts'
import { foldRun, chainOf } from '../history/fold.ts'
import type { EntryInput, Json } from '../ports/index.ts'
import type { Engine } from '../run/engine.ts'
import type { RunHandle } from '../run/handle.ts'
import { runFacts, runHead, type RunHead } from '../run/heads.ts'
import { resumeRun } from '../run/resume.ts'
import { requireDefinition, requireHead } from './lookup.ts'

/** Where a fork begins. */
export interface ForkOptions {
  /** Default: a new id. */
  readonly runId?: string
  /** Default: a new session of the fork's own. */
  readonly sessionId?: string
  /** The last position to keep. Default: before the failure, or everything before the end. */
  readonly at?: number
}

/**
 * A new run that has the history of another up to a position and goes on from there, in a session of its own
 * unless one is named. The first run stays as it is. What the kept part recorded is not paid for again.
 */
export async function forkRun(engine: Engine, runId: string, options: ForkOptions): Promise<RunHandle> {
  const source = await requireHead(engine, runId)
  const definition =
    engine.resolve(source.target.kind, source.target.name) ?? requireDefinition(engine, source)
  const entries = await readAll(engine.journal, runStream(runId))
  const history = foldRun(entries)
  const first = entries[0]
  if (history === undefined || first === undefined) throw new TypeError(`The run "${runId}" has no entries.`)
  const at = checkPosition(options.at ?? defaultPosition(history), history.lastPosition)
  const forkId = options.runId ?? engine.platform.id()
  const sessionId = options.sessionId ?? `fork:${forkId}`
  const { name, kind, version } = definition
  const started: CommittedEvents['run.started'] = {
    ...history.started,
    // The fork runs the code that is there now; a replay says where that does not fit.
    target: { kind, name, version },
    sessionId,
    durable: true,
    historyPosition: 0,
    forkedFrom: { runId, position: at },
  }
  const kept: EntryInput[] = entries
    .filter((entry) => entry.position > 1 && entry.position <= at)
    .map(({ type, at: time, data }) => ({ type, at: time, data }))
  const now = engine.platform.now()
  const head: RunHead = {
    ...runFacts(
      { runId: forkId, sessionId },
      { started, startedAt: now, hasSuspended: false },
      history.attempt,
    ),
    state: 'suspended',
    updatedAt: now,
  }
  await commit(engine, {
    expect: [{ stream: runStream(forkId), position: 0 }],
    entries: [
      {
        stream: runStream(forkId),
        entries: [{ type: first.type, at: now, data: started as unknown as Json }, ...kept],
      },
    ],
    heads: [runHead(head)],
  })
  return resumeRun(engine, head, definition)
}

function defaultPosition(history: NonNullable<ReturnType<typeof foldRun>>): number {
  const origin = chainOf(history.finished)[0]
  if (origin !== undefined) return origin.position - 1
  return history.finished === undefined ? history.lastPosition : history.lastPosition - 1
}

function checkPosition(at: number, last: number): number {
  if (Number.isInteger(at) && at >= 1 && at <= last) return at
  throw new HarnessError({
    code: 'validation/options',
    message: `runs.fork: at must be a position from 1 to ${last}.`,
    meta: { field: 'at', last },
  })
}
