import type { Deltas } from '../feed/deltas.ts'
import type { RunHistory } from '../history/fold.ts'
import { decodeValue } from '../history/stored-value.ts'
import type { Logger } from '../ports/index.ts'
import { validateOrThrow } from '../schema/validate.ts'
import { Attempt } from './attempt.ts'
import type { AttemptEnd } from './attempt-end.ts'
import { createContext } from './context.ts'
import type { Definition, RunIdentity } from './definition.ts'
import type { Engine } from './engine.ts'
import type { AttemptObserver } from './observer.ts'
import type { Ownership } from './owner.ts'
import { never } from './release.ts'

/** What an attempt needs; the lease is held and the start or resume is recorded. */
export interface PerformInit {
  readonly engine: Engine
  readonly definition: Definition
  readonly identity: RunIdentity
  readonly history: RunHistory
  readonly ownership: Ownership
  readonly deltas: Deltas
  readonly log: Logger
  readonly observer: AttemptObserver | undefined
  /** Gives the attempt to whoever may stop it. */
  readonly started: (attempt: Attempt) => void
}

/**
 * Executes one attempt: commands that are already there, then the program, raced with the end that somebody
 * else may give it. Never rejects; how it ended is the answer.
 */
export async function perform(init: PerformInit): Promise<AttemptEnd> {
  const attempt = new Attempt({ ...init, contextOf: createContext })
  init.ownership.hold((error) => attempt.stop(error))
  init.started(attempt)
  attempt.inbox.start()
  attempt.begin()
  try {
    // A cancel is read before replay, so that a run whose code is gone, or hangs, can be ended.
    await attempt.inbox.read()
    if (attempt.history.files !== undefined && !attempt.over && attempt.program === undefined)
      await attempt.place.restore()
  } catch (error) {
    // Whoever cancels the run meanwhile ends it; what was under way for it then does not count.
    if (attempt.program === undefined) attempt.fault(error)
  }
  attempt.end()
  if (!attempt.over && attempt.program === undefined) runProgram(attempt, init.definition)
  return attempt.finished
}

function runProgram(attempt: Attempt, definition: Definition): void {
  attempt.deadline.arm()
  void execute(attempt, definition).then(
    (output) => attempt.endProgram({ outcome: 'succeeded', output }),
    (error: unknown) => attempt.endProgram({ outcome: 'failed', error }),
  )
  attempt.releases.touch()
  attempt.releases.kick()
}

async function execute(attempt: Attempt, definition: Definition): Promise<unknown> {
  const stored = attempt.history.started.input
  const decoded = decodeValue(stored, attempt.engine.blobs)
  const raw = decoded instanceof Promise ? await attempt.io(() => decoded) : decoded
  const what = `The input of ${definition.kind} "${definition.name}"`
  const input = await attempt.io(() =>
    validateOrThrow(definition.input, raw, { code: 'validation/input', what }),
  )
  const program = (): Promise<unknown> => definition.program(attempt.contextOf(attempt.root), input)
  const { observer } = attempt
  const output = await (observer === undefined ? program() : observer.within('', program))
  if (attempt.over) return never()
  const { output: schema } = definition
  if (schema === undefined) return output
  const outputOf = `The output of ${definition.kind} "${definition.name}"`
  return attempt.io(() => validateOrThrow(schema, output, { code: 'validation/output', what: outputOf }))
}
