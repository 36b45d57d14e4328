import { deserializeError } from '../errors/serialize.ts'
import { readAll } from '../feed/read.ts'
import { runStream } from '../feed/streams.ts'
import { foldRun } from '../history/fold.ts'
import { decodeValue } from '../history/stored-value.ts'
import type { ProgramEnd } from './attempt-end.ts'
import { notFound } from './commands.ts'
import type { Engine } from './engine.ts'

/** The recorded outcome of a run. */
export async function recordedEnd(engine: Engine, runId: string): Promise<ProgramEnd> {
  const history = foldRun(await readAll(engine.journal, runStream(runId)))
  const finished = history?.finished
  if (finished === undefined) throw notFound(runId)
  if (finished.outcome === 'succeeded') {
    return { outcome: 'succeeded', output: await decodeValue(finished, engine.blobs) }
  }
  if (finished.outcome === 'failed') return { outcome: 'failed', error: deserializeError(finished.error) }
  return { outcome: 'cancelled', reason: finished.reason }
}
