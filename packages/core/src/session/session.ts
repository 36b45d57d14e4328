import { budgetOf, checkBudget, type Budget } from '../define/budget.ts'
import { checkOptions, invalidOption } from '../define/check.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { RunEvent, TraceContext } from '../history/event.ts'
import type { Json } from '../ports/index.ts'
import { busyError } from '../run/busy.ts'
import type { Definition, RunCallOptions } from '../run/definition.ts'
import type { Engine } from '../run/engine.ts'
import type { RunHandle } from '../run/handle.ts'
import type { LiveRun } from '../run/live-run.ts'
import { whileOpen } from '../run/open.ts'
import { startRun } from '../run/start.ts'
import { readTraceContext } from '../run/trace-context.ts'
import { toJson } from '../schema/json.ts'
import { memoryHandle } from '../memory/memory-handle.ts'
import type { MemoryHandle } from '../define/memory.ts'
import { createHistory, type SessionHistory } from './history.ts'
import { runStream } from './run-stream.ts'
import { SessionMetadata } from './session-metadata.ts'

/** Options of `run`, `stream` and `start`. */
export interface RunOptions {
  /** Names the run (1 to 128 of A-Z a-z 0-9 _ . : -), so that it can be resumed by that id, also by workers. */
  readonly durable?: { readonly runId: string }
  /** Aborting it cancels the run. */
  readonly signal?: AbortSignal
  /** Milliseconds under a lease, over all attempts; 0 is no limit. */
  readonly timeoutMs?: number
  /** What the run may spend; each limit goes before the definition's and the harness's. Kept when the run goes on. */
  readonly budget?: Budget
  /** Messages of the session that a model sees. */
  readonly historyWindow?: number
  /** Any JSON; handlers and tools read it, models never see it. */
  readonly metadata?: Json
  /** For agents: another model alias. */
  readonly model?: string
  /** W3C trace context: the parent of the run's span. An invalid one is ignored with a warning. */
  readonly traceparent?: string | undefined
  readonly tracestate?: string | undefined
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

/** What a definition says of its runs. */
export interface RunLimits {
  readonly timeoutMs: number | undefined
  readonly budget: Budget | undefined
}

/** What one session needs of its harness. */
export interface SessionDeps {
  readonly engine: Engine
  readonly sessionId: string
  readonly defaultTimeoutMs: number
  readonly defaultBudget: Budget | undefined
  /** Throws `model/unknown-alias`. */
  readonly requireModel: (alias: string) => void
  readonly onClose: () => void
}

/** One conversation thread. At most one run at a time, across processes. */
export class SessionCore {
  readonly id: string
  readonly #deps: SessionDeps
  readonly #metadata: SessionMetadata
  #history: SessionHistory | undefined
  #memory: MemoryHandle | undefined
  #closed = false
  /** The start or the write under way: the next one waits until it is known what came of it. */
  #pending: Promise<unknown> | undefined

  constructor(deps: SessionDeps) {
    this.#deps = deps
    this.id = deps.sessionId
    this.#metadata = new SessionMetadata(deps.engine, deps.sessionId)
  }

  get history(): SessionHistory {
    return (this.#history ??= createHistory(this.#deps.engine, this.id, (write) => this.#inTurn(write)))
  }

  /** Outside runs: each operation is made at once. */
  get memory(): MemoryHandle {
    const { engine } = this.#deps
    return (this.#memory ??= memoryHandle(engine.memory, { kind: 'session', id: this.id }, ({ make }) =>
      whileOpen(engine, async () => {
        this.#assertOpen()
        return make()
      }),
    ))
  }

  /** What the application keeps with the session; frozen. */
  get metadata(): Json {
    return this.#metadata.value
  }

  /** Reads the metadata, or replaces it when some is given. */
  open(metadata: unknown): Promise<void> {
    return this.#metadata.open(metadata)
  }

  /** The three views of one definition in this session. */
  runnable(definition: Definition, limits: RunLimits): Runnable<unknown, unknown> {
    const start = (input: unknown, options?: RunOptions): Promise<RunHandle> =>
      this.#inTurn(() => whileOpen(this.#deps.engine, () => this.#start(definition, limits, input, options)))
    return {
      start,
      run: async (input, options) => (await start(input, options)).result,
      stream: (input, options) => runStream(start(input, options)),
    }
  }

  /** Frees the session; refused as `session/busy` while a run executes. A suspended run goes on waiting. */
  async close(): Promise<void> {
    const executing = this.#executing()
    if (executing !== undefined || this.#pending !== undefined) {
      throw busyError(this.id, executing?.runId, 'concurrent_run')
    }
    await this.#close()
  }

  /** Waits for an executing run, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (;;) {
      const under = this.#pending ?? this.#executing()?.attempt?.finished
      if (under === undefined) break
      await under
    }
    await this.#close()
  }

  async #close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#deps.onClose()
    await this.#deps.engine.places.sessions.close(this.id)
  }

  #assertOpen(): void {
    if (!this.#closed) return
    throw new HarnessError({
      code: 'session/closed',
      message: `The session "${this.id}" was closed. Open it again with harness.getSession().`,
      meta: { sessionId: this.id },
    })
  }

  #executing(): LiveRun | undefined {
    return this.#deps.engine.live.ofSession(this.id).find((live) => live.attempt !== undefined)
  }

  /** One after the other, so that they do not hold the lease against each other and a refusal can name the run. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    while (this.#pending !== undefined) await this.#pending
    const result = work()
    const settled = result.then(nothing, nothing)
    this.#pending = settled
    try {
      return await result
    } finally {
      if (this.#pending === settled) this.#pending = undefined
    }
  }

  async #start(
    definition: Definition,
    limits: RunLimits,
    input: unknown,
    options: RunOptions = {},
  ): Promise<RunHandle> {
    this.#assertOpen()
    const runId = checkRunOptions(definition, options)
    const { metadata, model, historyWindow, signal } = options
    if (model !== undefined) this.#deps.requireModel(model)
    const callOptions: RunCallOptions = {
      ...(model !== undefined && { model }),
      ...(historyWindow !== undefined && { historyWindow }),
    }
    const budget = budgetOf(options.budget, limits.budget, this.#deps.defaultBudget)
    const trace = this.#traceOf(options)
    return startRun(this.#deps.engine, {
      definition,
      sessionId: this.id,
      input,
      timeoutMs: options.timeoutMs ?? limits.timeoutMs ?? this.#deps.defaultTimeoutMs,
      ...(runId !== undefined && { runId }),
      ...(budget !== undefined && { budget }),
      ...(metadata !== undefined && { metadata: toJson(metadata, 'metadata') }),
      ...(Object.keys(callOptions).length > 0 && { options: callOptions }),
      ...(signal !== undefined && { signal }),
      ...(trace !== undefined && { trace }),
    })
  }

  /** A broken header of somebody upstream must not keep a run from starting. */
  #traceOf(options: RunOptions): TraceContext | undefined {
    const { context, invalid } = readTraceContext(options)
    for (const header of invalid) {
      this.#deps.engine.logger.warn('invalid trace context is ignored', {
        code: 'INVALID_TRACE_CONTEXT',
        header,
        sessionId: this.id,
      })
    }
    return context
  }
}

const nothing = (): undefined => undefined

const optionRules = {
  signal: 'signal',
  timeoutMs: 'timeoutMs',
  historyWindow: 'historyWindow',
  model: 'name',
} as const

function checkRunOptions(definition: Definition, options: RunOptions): string | undefined {
  const what = `The call of "${definition.name}"`
  checkOptions(what, options as Readonly<Record<string, unknown>>, optionRules)
  checkBudget(options.budget, (field, why) => invalidOption(what, field, why))
  if (options.durable === undefined) return undefined
  const runId = (options.durable as { readonly runId?: string } | null)?.runId ?? null
  checkOptions(`${what}, durable`, { runId }, { runId: 'runId' })
  return runId ?? undefined
}
