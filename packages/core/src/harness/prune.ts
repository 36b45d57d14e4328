import { checkOptions } from '../define/check.ts'
import { readAll } from '../feed/read.ts'
import { inboxStream, runIdOfStream, runStream } from '../feed/streams.ts'
import { commit } from '../feed/writer.ts'
import { isCodedError, type Entry, type Head } from '../ports/index.ts'
import type { Engine } from '../run/engine.ts'
import { headPages } from './head-pages.ts'
import { removeRunMemory } from '../run/run-memory.ts'

/** What was touched within this time stays: the entry that names it may be about to be written. */
const graceMs = 3_600_000

/** Heads that are looked at, and dropped, together. */
const pageSize = 100

/** How a run has ended. */
export type FinalStatus = 'succeeded' | 'failed' | 'cancelled'

/** Which finished runs to remove. */
export interface PruneOptions {
  /** Milliseconds since the run's last change; 0: all. */
  readonly olderThan: number
  /** One, or several of them. Default: all three. */
  readonly status?: FinalStatus | readonly FinalStatus[]
}

/** What was removed. */
export interface PruneResult {
  readonly runs: number
  readonly blobs: number
  readonly blobBytes: number
  /** Snapshots of files. */
  readonly snapshots: number
  readonly snapshotBytes: number
}

/** Removes finished runs whole, each with its inbox and its memory, and then the blobs and snapshots that nothing names any more. */
export async function pruneRuns(engine: Engine, options: PruneOptions): Promise<PruneResult> {
  const { olderThan, status = ['succeeded', 'failed', 'cancelled'] } = options
  const states = typeof status === 'string' ? [status] : status
  checkOptions(
    'runs.prune',
    { olderThan: olderThan ?? null, status: states },
    { olderThan: 'timeoutMs', status: 'finalStates' },
  )
  // A run that changed in this very millisecond is older than 0 ms for whoever asks.
  const updatedBefore = engine.platform.now() - olderThan + 1
  let runs = 0
  for await (const page of headPages(engine, { kind: 'run', states, updatedBefore, limit: pageSize })) {
    runs += await dropFinal(
      engine,
      page.filter((head) => head.state !== 'failed'),
    )
    for (const head of page) {
      if (head.state === 'failed' && (await dropFailed(engine, runIdOfStream(head.stream)))) runs++
    }
  }
  const live = await liveRefs(engine)
  const swept = await engine.blobs.sweep(live.blobs, graceMs)
  const files = await engine.places.workspace?.sweep(live.snapshots, graceMs)
  return {
    runs,
    blobs: swept.removed,
    blobBytes: swept.bytes,
    snapshots: files?.removed ?? 0,
    snapshotBytes: files?.bytes ?? 0,
  }
}

/** Succeeded and cancelled runs never change again. */
async function dropFinal(engine: Engine, heads: readonly Head[]): Promise<number> {
  // Before the runs: what is left behind by a crash in between is found again by the next prune.
  for (const { stream } of heads) await removeRunMemory(engine.memory, runIdOfStream(stream))
  if (heads.length > 0)
    await commit(engine, { drop: heads.flatMap(({ stream }) => streamsOf(runIdOfStream(stream))) })
  return heads.length
}

/** A failed run may be resumed at this moment; the batch then fails, because its stream has grown. */
async function dropFailed(engine: Engine, runId: string): Promise<boolean> {
  const stream = runStream(runId)
  const position = (await readAll(engine.journal, stream)).at(-1)?.position ?? 0
  const [head] = await engine.journal.heads({ streams: [stream] })
  if (head?.state !== 'failed') return false
  try {
    await commit(engine, { expect: [{ stream, position }], drop: streamsOf(runId) })
    // After it: a run that is resumed at this moment keeps its memory.
    await removeRunMemory(engine.memory, runId)
    return true
  } catch (error) {
    if (isCodedError(error, 'journal/conflict')) return false
    throw error
  }
}

const streamsOf = (runId: string): string[] => [runStream(runId), inboxStream(runId)]

/** What entries name. */
interface LiveRefs {
  readonly blobs: Set<string>
  readonly snapshots: Set<string>
}

/** Every blob and every snapshot that an entry of the store names. */
async function liveRefs(engine: Engine): Promise<LiveRefs> {
  const live: LiveRefs = { blobs: new Set(), snapshots: new Set() }
  const collect = async (stream: string): Promise<void> => {
    for (const entry of await readAll(engine.journal, stream)) collectRefs(entry, live)
  }
  for (const kind of ['run', 'session']) {
    for await (const page of headPages(engine, { kind })) {
      for (const { stream } of page) {
        await collect(stream)
        if (kind === 'run') await collect(inboxStream(runIdOfStream(stream)))
      }
    }
  }
  return live
}

interface RefHolder {
  readonly ref?: unknown
  readonly blob?: { readonly ref?: unknown }
  readonly input?: { readonly blob?: { readonly ref?: unknown } }
}

function collectRefs(entry: Entry, live: LiveRefs): void {
  const data = entry.data as RefHolder
  if (entry.type === 'workspace.snapshotted' && typeof data.ref === 'string') live.snapshots.add(data.ref)
  for (const blob of [data.blob, data.input?.blob]) {
    if (typeof blob?.ref === 'string') live.blobs.add(blob.ref)
  }
}
