import { checkOptions } from '../define/check.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { RunEvent } from '../history/event.ts'
import type { Json } from '../ports/index.ts'
import { busyError } from '../run/busy.ts'
import type { Definition, RunCallOptions } from '../run/definition.ts'
import type { Engine } from '../run/engine.ts'
import type { RunHandle } from '../run/handle.ts'
import { startRun } from '../run/start.ts'
import { toJson } from '../schema/json.ts'
import { createHistory, type SessionHistory } from './history.ts'

/** Options of `run`, `stream` and `start`. */
export interface RunOptions {
  /** Names the run (1 to 128 of A-Z a-z 0-9 _ . : -), so that it can be resumed by that id, also by workers. */
  readonly durable?: { readonly runId: string }
  /** Aborting it cancels the run. */
  readonly signal?: AbortSignal
  /** Milliseconds under a lease, over all attempts; 0 is no limit. */
  readonly timeoutMs?: number
  /** Messages of the session that a model sees. */
  readonly historyWindow?: number
  /** Any JSON; handlers and tools read it, models never see it. */
  readonly metadata?: Json
  /** For agents: another model alias. */
  readonly model?: string
}

/** Three views of one run. */
export interface Runnable<Input, Output> {
  /** Runs to the end and gives the output. */
  run(input: Input, options?: RunOptions): Promise<Output>
  /** Yields the events of the run; throws its error after `run.finished`. Leaving the loop never cancels the run. */
  stream(input: Input, options?: RunOptions): AsyncIterableIterator<RunEvent>
  /** Resolves with a handle once the run is recorded. */
  start(input: Input, options?: RunOptions): Promise<RunHandle<Output>>
}

/** What one session needs of its harness. */
export interface SessionDeps {
  readonly engine: Engine
  readonly sessionId: string
  readonly defaultTimeoutMs: number
  readonly onClose: () => void
}

const runIdPattern = /^[A-Za-z0-9_.:-]{1,128}$/

/** One conversation thread. At most one run at a time, across processes. */
export class SessionCore {
  readonly id: string
  readonly history: SessionHistory
  readonly #deps: SessionDeps
  #closed = false

  constructor(deps: SessionDeps) {
    this.#deps = deps
    this.id = deps.sessionId
    this.history = createHistory(deps.engine, deps.sessionId)
  }

  /** The three views of one definition in this session. */
  runnable(definition: Definition, timeoutMs: number | undefined): Runnable<unknown, unknown> {
    const start = (input: unknown, options: RunOptions = {}): Promise<RunHandle> =>
      this.#start(definition, timeoutMs, input, options)
    return {
      start,
      run: async (input, options) => (await start(input, options)).result,
      stream: (input, options) => streamOf(start(input, options)),
    }
  }

  /** Frees the session; refused as `session/busy` while a run executes. A suspended run goes on waiting. */
  async close(): Promise<void> {
    const executing = this.#executing()
    if (executing !== undefined) throw busyError(this.id, executing, 'concurrent_run')
    this.#closed = true
    this.#deps.onClose()
  }

  /** Waits for an executing run, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const live of this.#deps.engine.live.ofSession(this.id)) await live.attempt?.finished
    this.#closed = true
    this.#deps.onClose()
  }

  #executing(): string | undefined {
    return this.#deps.engine.live.ofSession(this.id).find((live) => live.attempt !== undefined)?.runId
  }

  async #start(
    definition: Definition,
    ownTimeoutMs: number | undefined,
    input: unknown,
    options: RunOptions,
  ): Promise<RunHandle> {
    if (this.#closed) {
      throw new HarnessError({
        code: 'session/closed',
        message: `The session "${this.id}" was closed. Open it again with harness.getSession().`,
        meta: { sessionId: this.id },
      })
    }
    const runId = checkRunOptions(definition, options)
    const { metadata, model, historyWindow, signal } = options
    const callOptions: RunCallOptions = {
      ...(model !== undefined && { model }),
      ...(historyWindow !== undefined && { historyWindow }),
    }
    return startRun(this.#deps.engine, {
      definition,
      sessionId: this.id,
      input,
      timeoutMs: options.timeoutMs ?? ownTimeoutMs ?? this.#deps.defaultTimeoutMs,
      ...(runId !== undefined && { runId }),
      ...(metadata !== undefined && { metadata: toJson(metadata, 'metadata') }),
      ...(Object.keys(callOptions).length > 0 && { options: callOptions }),
      ...(signal !== undefined && { signal }),
    })
  }
}

function checkRunOptions(definition: Definition, options: RunOptions): string | undefined {
  const what = `The call of "${definition.name}"`
  checkOptions(
    what,
    { ...options },
    { timeoutMs: 'timeoutMs', historyWindow: 'historyWindow', model: 'name' },
  )
  if (options.durable === undefined) return undefined
  const { runId } = options.durable
  if (typeof runId === 'string' && runIdPattern.test(runId)) return runId
  throw new HarnessError({
    code: 'validation/options',
    message: `${what}: durable.runId ${JSON.stringify(runId)} is not valid: use 1 to 128 of A-Z a-z 0-9 _ . : -`,
    meta: { field: 'durable.runId' },
  })
}

async function* streamOf(starting: Promise<RunHandle>): AsyncGenerator<RunEvent, void> {
  const handle = await starting
  yield* handle.events()
  await handle.result
}
