import { HarnessError } from '../errors/harness-error.ts'
import { readAll } from '../feed/read.ts'
import { inboxStream } from '../feed/streams.ts'
import { commit } from '../feed/writer.ts'
import type { Entry, Head } from '../ports/index.ts'
import type { Engine } from '../run/engine.ts'

/** Blobs that were touched within this time stay: the entry that names them may be about to be written. */
const blobGraceMs = 3_600_000

/** Which finished runs to remove. */
export interface PruneOptions {
  /** Milliseconds since the run's last change; 0: all. */
  readonly olderThanMs: number
  /** Default: all three. */
  readonly states?: readonly ('succeeded' | 'failed' | 'cancelled')[]
}

/** What was removed. */
export interface PruneResult {
  readonly runs: number
  readonly blobs: number
  readonly blobBytes: number
}

/** Removes finished runs whole, each with its inbox, and then the blobs that nothing names any more. */
export async function pruneRuns(engine: Engine, options: PruneOptions): Promise<PruneResult> {
  if (typeof options.olderThanMs !== 'number' || !(options.olderThanMs >= 0)) {
    throw new HarnessError({
      code: 'validation/options',
      message: 'runs.prune: olderThanMs must be a number of milliseconds, 0 or more.',
      meta: { field: 'olderThanMs' },
    })
  }
  const states = options.states ?? ['succeeded', 'failed', 'cancelled']
  // A run that changed in this very millisecond is older than 0 ms for whoever asks.
  const updatedBefore = engine.platform.now() - options.olderThanMs + 1
  let runs = 0
  for (;;) {
    const heads = await engine.journal.heads({ kind: 'run', states, updatedBefore, limit: 100 })
    if (heads.length === 0) break
    await commit(engine, {
      drop: heads.flatMap(({ stream }) => [stream, inboxStream(stream.slice('run/'.length))]),
    })
    runs += heads.length
  }
  if (runs === 0) return { runs: 0, blobs: 0, blobBytes: 0 }
  const swept = await engine.blobs.sweep(await liveBlobs(engine), blobGraceMs)
  return { runs, blobs: swept.removed, blobBytes: swept.bytes }
}

/** Every blob that an entry of the store names. */
async function liveBlobs(engine: Engine): Promise<Set<string>> {
  const live = new Set<string>()
  for (const kind of ['run', 'session']) {
    for (let after: string | undefined; ;) {
      const heads: readonly Head[] = await engine.journal.heads({
        kind,
        ...(after !== undefined && { after }),
      })
      for (const { stream } of heads) {
        for (const entry of await readAll(engine.journal, stream)) collectRefs(entry, live)
        if (kind !== 'run') continue
        for (const entry of await readAll(engine.journal, inboxStream(stream.slice('run/'.length))))
          collectRefs(entry, live)
      }
      if (heads.length < 1_000) break
      after = heads.at(-1)?.stream
    }
  }
  return live
}

function collectRefs(entry: Entry, live: Set<string>): void {
  const data = entry.data as {
    readonly blob?: { readonly ref?: unknown }
    readonly input?: { readonly blob?: { readonly ref?: unknown } }
  }
  for (const blob of [data.blob, data.input?.blob]) {
    if (typeof blob?.ref === 'string') live.add(blob.ref)
  }
}
