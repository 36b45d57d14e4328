import { HarnessError } from '../errors/harness-error.ts'
import { runStream } from '../feed/streams.ts'
import { notFound } from '../run/commands.ts'
import type { Definition } from '../run/definition.ts'
import type { Engine } from '../run/engine.ts'
import { toRunHead, type RunHead } from '../run/heads.ts'

/** The head of a run, or `run/not-found`. */
export async function requireHead(engine: Engine, runId: string): Promise<RunHead> {
  const [head] = await engine.journal.heads({ streams: [runStream(runId)] })
  if (head === undefined) throw notFound(runId)
  return toRunHead(head)
}

/** The code that a run executes, or `run/conflict` when this harness does not have it in that version. */
export function requireDefinition(engine: Engine, head: RunHead): Definition {
  const { kind, name, version } = head.target
  const definition = engine.resolve(kind, name)
  if (definition !== undefined && definition.version === version) return definition
  throw new HarnessError({
    code: 'run/conflict',
    message: `The run "${head.runId}" executes ${kind} "${name}" version "${version}", which this harness does not have.`,
    meta: { runId: head.runId, name, version, has: definition?.version ?? null },
  })
}
