import type { TransientEvent } from '../history/event.ts'
import type { Lineage } from '../history/lineage.ts'
import { operationId } from '../history/operation-id.ts'
import type { Json, Logger, RunMetrics } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import { askChild } from './child.ts'
import type {
  ChildSpec,
  EngineContext,
  FanOutSpec,
  RunCallOptions,
  RunIdentity,
  StepSpec,
  TransientInput,
  WaitSpec,
} from './definition.ts'
import { askFanOut } from './fan-out.ts'
import { liveMetrics } from './live-metrics.ts'
import { replayLogger } from './replay-logger.ts'
import type { MemoryUse } from './run-memory.ts'
import { RunRecords } from './run-records.ts'
import type { Scope } from './scope.ts'
import { askStep } from './step.ts'
import { askWait } from './wait.ts'

/** What a program in a scope can ask of the engine. */
export function createContext(attempt: Attempt, scope: Scope): EngineContext {
  return new ScopeContext(attempt, scope)
}

/** What the engine adds to an event. */
interface Stamp {
  runId?: string
  at?: number
  lineage?: Lineage
  id?: string
}

class ScopeContext implements EngineContext {
  readonly #attempt: Attempt
  readonly #scope: Scope
  #log: Logger | undefined
  #metrics: RunMetrics | undefined
  readonly run: RunIdentity
  readonly scope: string
  readonly depth: number
  readonly metadata: Json
  readonly options: RunCallOptions

  constructor(attempt: Attempt, scope: Scope) {
    this.#attempt = attempt
    this.#scope = scope
    this.run = attempt.identity
    this.scope = scope.key
    this.depth = scope.depth
    this.metadata = scope.metadata
    this.options = scope.options
  }

  get signal(): AbortSignal {
    return this.#scope.cancellation.signal
  }

  get log(): Logger {
    return (this.#log ??= replayLogger(this.#attempt))
  }

  get memory(): MemoryUse | undefined {
    return this.#attempt.engine.memory
  }

  get records(): RunRecords {
    return new RunRecords(this.#attempt)
  }

  get metrics(): RunMetrics {
    return (this.#metrics ??= liveMetrics(this.#attempt))
  }

  step<T>(spec: StepSpec<T>): Promise<T> {
    return askStep(this.#attempt, this.#scope, spec)
  }

  wait(spec: WaitSpec): Promise<unknown> {
    return askWait(this.#attempt, this.#scope, spec)
  }

  child(spec: ChildSpec): Promise<unknown> {
    return askChild(this.#attempt, this.#scope, spec)
  }

  fanOut<T, R>(spec: FanOutSpec<T, R>): Promise<R[]> {
    return askFanOut(this.#attempt, this.#scope, spec)
  }

  emit(event: TransientInput): void {
    const { over, releases, deltas, identity, platform } = this.#attempt
    if (over || !releases.open) return
    const { lineage } = this.#scope
    const { runId, attempt } = identity
    // Every piece of text costs what is done here; its key and attempt name it.
    const stamped: TransientInput & Stamp = { ...event }
    stamped.runId = runId
    stamped.at = platform.now()
    if (lineage !== undefined) stamped.lineage = lineage
    switch (event.type) {
      case 'agent.started':
      case 'model.started':
      case 'tool.started':
      case 'fanout.started':
        stamped.id = operationId(event.key, attempt)
        break
      default:
    }
    deltas.emit(stamped as TransientEvent)
  }

  io<T>(work: () => Promise<T>): Promise<T> {
    return this.#attempt.io(work)
  }

  children(): { readonly total: number; readonly inFlight: number } {
    return { ...this.#attempt.childCount }
  }
}
