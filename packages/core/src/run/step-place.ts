import type { StepSandbox, WorkspaceAccess } from '../define/sandbox.ts'
import { serializeError } from '../errors/serialize.ts'
import type { NewEvent, ResultOutcome } from '../history/event.ts'
import type { Skill } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import type { Scope } from './scope.ts'
import type { Cancellation } from './signal.ts'
import { BodySandbox } from './step-sandbox.ts'

/** Which step, and what it may do. */
interface StepFacts {
  readonly key: string
  readonly scope: Scope
  readonly access: WorkspaceAccess
  readonly skills: readonly Skill[]
}

/** The sandbox over all executions of one step's body, and what is recorded of its files. */
export class StepPlace {
  readonly #attempt: Attempt
  readonly #facts: StepFacts
  /** Of executions that are not over. */
  #open: BodySandbox[] = []
  #opened = false
  #wrote = false
  #kept: NewEvent | undefined

  constructor(attempt: Attempt, facts: StepFacts) {
    this.#attempt = attempt
    this.#facts = facts
  }

  /** What goes into the journal right before the result. */
  get kept(): NewEvent | undefined {
    return this.#kept
  }

  /** One for each execution of the body. */
  sandbox(cancellation: Cancellation): StepSandbox {
    const sandbox = new BodySandbox({ attempt: this.#attempt, ...this.#facts, cancellation })
    this.#open.push(sandbox)
    return sandbox
  }

  /** The execution of the body is over: its calls and processes are too. */
  async end(): Promise<void> {
    for (const sandbox of this.#open.splice(0)) {
      await sandbox.end()
      this.#opened ||= sandbox.opened
      this.#wrote ||= sandbox.wrote
    }
  }

  /** What the body did to the files is not recorded and so did not happen: they are as they were before it. */
  async forget(): Promise<void> {
    await this.end()
    if (!this.#wrote) return
    this.#wrote = false
    await this.#attempt.place.startOver()
  }

  /**
   * Keeps the tree before the entry that names it is written, so that a crash in between leaves a snapshot that nobody
   * names and never a name without its snapshot. A tree that cannot be kept is a failure of the step.
   */
  async keep(stepAttempt: number, outcome: ResultOutcome): Promise<ResultOutcome> {
    if (!this.#opened) return outcome
    const { key, scope } = this.#facts
    const { lineage } = scope
    const kept = await this.#attempt.place.keep(key, stepAttempt, this.#wrote)
    if (kept === undefined) return outcome
    if ('refusal' in kept) return { status: 'failed', error: serializeError(kept.refusal) }
    const data = { key, scope: scope.key, ...kept, ...(lineage !== undefined && { lineage }) }
    this.#kept = { type: 'workspace.snapshotted', data }
    return outcome
  }
}
