import { HarnessError } from '../errors/harness-error.ts'
import { runStream } from '../feed/streams.ts'
import type { Definition } from './definition.ts'
import type { Engine } from './engine.ts'
import { toRunHead } from './heads.ts'
import { resumeRun } from './resume.ts'
import { never } from './release.ts'

/**
 * Ends a run that nobody executes after a cancel was recorded. It needs no program, because a cancel is read
 * before replay: a run whose code is gone can be ended.
 */
export async function cancelIdle(engine: Engine, runId: string): Promise<void> {
  const [row] = await engine.journal.heads({ streams: [runStream(runId)] })
  if (row === undefined || engine.live.get(runId)?.attempt !== undefined) return
  const head = toRunHead(row)
  if (head.state !== 'suspended' && head.state !== 'running') return
  const { kind, name, version } = head.target
  const gone: Definition = { kind, name, version, input: anything, program: never }
  try {
    const handle = await resumeRun(engine, head, engine.resolve(kind, name) ?? gone)
    await handle.result.catch(() => undefined)
  } catch (error) {
    // Somebody executes it: the holder of the lease reads the command.
    if (!HarnessError.is(error, 'run/leased') && !HarnessError.is(error, 'session/busy')) throw error
  }
}

const anything = {
  '~standard': { version: 1, vendor: 'belay', validate: (value: unknown) => ({ value }) },
} as const
