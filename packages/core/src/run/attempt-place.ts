import { hash } from 'node:crypto'
import { serializeError } from '../errors/serialize.ts'
import { errorType } from '../feed/redact.ts'
import type { CommittedEvents } from '../history/event.ts'
import {
  isCodedError,
  PortError,
  type OpenedWorkspace,
  type Sandbox,
  type Skill,
  type WorkspaceAdapter,
  type WorkspaceOperation,
} from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import { workspaceRunId } from './forgotten-files.ts'
import { observedSnapshot } from './observed-place.ts'
import { tellShortLivedFiles } from './short-lived-files.ts'
import { mountSkills } from './skill-mounts.ts'

/** Keys of operations are at most so long, in UTF-16 units. */
const operationLimit = 512

/** What was opened for an attempt and has to be closed with it. */
interface OpenedPlace {
  readonly sandbox: Sandbox
  readonly workspace: OpenedWorkspace
}

/** What an entry says of a snapshot, beside whose it is. */
type Snapshotted = Omit<CommittedEvents['workspace.snapshotted'], 'key' | 'scope' | 'lineage'>

/** Why a tree cannot be kept as it is: what wrote it has to write something else. */
const unkeepable: ReadonlySet<string> = new Set(['workspace/quota', 'workspace/tree'])

/**
 * Where the steps of one attempt have their files and commands. A durable run has a workspace and a sandbox of its
 * own, opened at the first use; any other run uses the sandbox of its session. Nothing of it is made for a run that
 * uses neither.
 */
export class AttemptPlace {
  readonly #attempt: Attempt
  readonly #workspaces: WorkspaceAdapter | undefined
  #opening: Promise<OpenedPlace> | undefined
  #opened: OpenedPlace | undefined
  /** How often it was opened: no two openings share an operation. */
  #openings = 0
  /** What the journal names as the tree now. */
  #recorded: string | undefined
  #closed = false
  /** Calls of steps that are under way in it. */
  #calls = 0
  #onIdle: (() => void) | undefined
  #startingOver: Promise<void> | undefined

  constructor(attempt: Attempt) {
    this.#attempt = attempt
    const { engine, history } = attempt
    this.#workspaces = history.started.durable ? engine.places.workspace : undefined
    this.#recorded = history.files?.ref
  }

  /** The sandbox, with the skills in it. What fails of a place of its own stops the attempt: it can be resumed. */
  async sandbox(skills: readonly Skill[]): Promise<Sandbox> {
    const { engine, identity } = this.#attempt
    if (this.#closed) throw closedPlace()
    const sandbox =
      this.#workspaces === undefined
        ? await engine.places.sessions.sandbox(identity.sessionId)
        : (await (this.#opening ??= this.#open(this.#workspaces))).sandbox
    if (skills.length > 0) await mountSkills(sandbox, skills)
    return sandbox
  }

  /** A call begins: meanwhile nothing is given back. The function that comes back ends it. */
  async enter(): Promise<() => void> {
    while (this.#startingOver !== undefined) await this.#startingOver
    this.#calls++
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      if (--this.#calls === 0) this.#onIdle?.()
    }
  }

  /**
   * The tree holds what no entry names, and what is not recorded did not happen: the next call finds the recorded one.
   * Calls of other steps that are under way end first. The sandbox of a session stays as it is.
   */
  startOver(): Promise<void> {
    if (this.#workspaces === undefined) return Promise.resolve()
    return (this.#startingOver ??= this.#startOver().finally(() => (this.#startingOver = undefined)))
  }

  /** Before the program starts: the files as they were after the last recorded step. */
  async restore(): Promise<void> {
    if (this.#workspaces === undefined) throw withoutWorkspace(this.#attempt.identity.runId)
    await this.sandbox([])
  }

  /**
   * Keeps the tree as a step leaves it; `undefined` when the journal names that tree already. A step that only read
   * names, once, what the run began with.
   */
  async keep(
    key: string,
    stepAttempt: number,
    wrote: boolean,
  ): Promise<Snapshotted | { readonly refusal: unknown } | undefined> {
    const opened = this.#opened
    const workspaces = this.#workspaces
    if (opened === undefined || workspaces === undefined) return undefined
    if (!wrote) return this.#keepBeginning(opened.workspace)
    const { handle } = opened.workspace
    const operation = this.#operation(`${key}/${stepAttempt}/snapshot`)
    try {
      const taken = await observedSnapshot(this.#attempt.observer, key, () =>
        workspaces.snapshot({ ...operation, handle }),
      )
      const { ref, changed, files, bytes, writtenBytes } = taken
      const isBeginning = this.#recorded === undefined && opened.workspace.ref === undefined
      if (ref === this.#recorded || (isBeginning && !changed)) return undefined
      this.#recorded = ref
      tellShortLivedFiles(this.#attempt.engine)
      return { ref, files, bytes, writtenBytes }
    } catch (error) {
      if (!isCodedError(error) || !unkeepable.has(error.code)) throw error
      await this.startOver()
      return { refusal: error }
    }
  }

  /**
   * Ends every process and gives the tree back; its snapshots stay. A cancelled run can open nothing any more. What
   * fails here is logged and changes nothing.
   */
  async close(end: { readonly cancelled: boolean }): Promise<void> {
    this.#closed = true
    await this.#startingOver
    await this.#opening?.catch(() => undefined)
    await this.#giveBack()
    const workspaces = this.#workspaces
    if (!end.cancelled || workspaces === undefined) return
    if (this.#openings === 0 && this.#recorded === undefined) return
    await this.#quietly('workspace not aborted', () => workspaces.abort(this.#operation('abort')))
  }

  #keepBeginning({ ref }: OpenedWorkspace): Snapshotted | undefined {
    if (ref === undefined || this.#recorded !== undefined) return undefined
    this.#recorded = ref
    return { ref }
  }

  async #startOver(): Promise<void> {
    if (this.#calls > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
    this.#onIdle = undefined
    await this.#opening?.catch(() => undefined)
    await this.#giveBack()
    this.#opening = undefined
  }

  async #giveBack(): Promise<void> {
    const opened = this.#opened
    if (opened === undefined) return
    this.#opened = undefined
    await this.#quietly('sandbox not closed', () => opened.sandbox.close())
    await this.#release(opened.workspace)
  }

  async #open(workspaces: WorkspaceAdapter): Promise<OpenedPlace> {
    const { engine, identity, root } = this.#attempt
    const { runId, sessionId } = identity
    const number = ++this.#openings
    const { signal } = root.cancellation
    let workspace: OpenedWorkspace | undefined
    try {
      const ref = this.#recorded
      workspace =
        ref === undefined
          ? await workspaces.open({ ...this.#operation(`open/${number}`), signal })
          : await workspaces.restore({ ...this.#operation(`restore/${number}`), ref, signal })
      const sandbox = await engine.places.sandbox.open({
        key: hash('sha256', JSON.stringify([runId, identity.attempt, number, engine.platform.id()])),
        sessionId,
        runId,
        workspace: workspace.handle,
        signal,
      })
      return (this.#opened = { sandbox, workspace })
    } catch (error) {
      if (workspace !== undefined) await this.#release(workspace)
      if (!root.cancellation.aborted) this.#attempt.fault(error)
      throw error
    }
  }

  #release({ handle }: OpenedWorkspace): Promise<void> {
    return this.#quietly('workspace not released', async () => this.#workspaces?.release(handle))
  }

  #operation(what: string): WorkspaceOperation {
    const { identity, history } = this.#attempt
    const runId = workspaceRunId(identity.runId, history.startedAt)
    const operation = `${runId}/${identity.attempt}/${what}`
    return {
      operation: operation.length <= operationLimit ? operation : hash('sha256', operation),
      runId,
      sessionId: identity.sessionId,
    }
  }

  async #quietly(message: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#attempt.log.warn(message, { code: errorType(serializeError(error)) })
    }
  }
}

function closedPlace(): PortError {
  return new PortError({
    code: 'sandbox/closed',
    message: 'The attempt is over, and its sandbox with it.',
  })
}

function withoutWorkspace(runId: string): PortError {
  return new PortError({
    code: 'workspace/missing',
    message: `The run "${runId}" has files, and this harness has no workspace. Give it the one with which the run began.`,
  })
}
