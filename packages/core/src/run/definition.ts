import type { TokenPrices } from '../define/budget.ts'
import type {
  ApprovalSubject,
  LabelRecord,
  NewEvent,
  TargetRecord,
  TransientEvent,
} from '../history/event.ts'
import type { Lineage } from '../history/lineage.ts'
import type { Effect, Reconciled, RetryPolicy, StepRun } from '../define/effect.ts'
import type { MemoryUse } from './run-memory.ts'
import type { RunRecords } from './run-records.ts'
import type { WorkspaceAccess } from '../define/sandbox.ts'
import type { Json, Logger, RunMetrics, Skill } from '../ports/index.ts'
import type { EffectDetail, EffectFacts } from './observer.ts'
import type { StandardSchema } from '../schema/standard-schema.ts'

/** What a definition of either kind compiles to. The engine runs programs and never asks what they are. */
export type Program = (context: EngineContext, input: unknown) => Promise<unknown>

/** Something that can be run. */
export interface Definition {
  readonly kind: string
  readonly name: string
  readonly version: string
  readonly input: StandardSchema
  /** Checks what the program returns; absent where the program has checked it itself. */
  readonly output?: StandardSchema
  readonly program: Program
}

/** Which code a definition is, as a run records it. */
export const targetOf = (definition: Definition): TargetRecord => ({
  kind: definition.kind,
  name: definition.name,
  version: definition.version,
})

/** Which run this is; the same for every scope in it. */
export interface RunIdentity {
  readonly runId: string
  readonly sessionId: string
  /** Counts from 1; grows with every process or wake-up that goes on with the run. */
  readonly attempt: number
  readonly metadata: Json
  /** How far the session's history counts for this run. */
  readonly historyPosition: number
  readonly options: RunCallOptions
}

/** Options of a call that programs read. */
export interface RunCallOptions {
  readonly model?: string
  readonly historyWindow?: number
}

/** What one attempt of a model call can use at most. What is not known is absent. */
export interface CallEstimate {
  /** The alias. */
  readonly model: string
  readonly calls: number
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly prices?: TokenPrices
}

/** A retry policy with waits that hold no process. */
export interface StepRetry extends RetryPolicy {
  /** How long to park the step before the next attempt, where the policy would give up for the length of the wait. */
  readonly deferFor?: (error: unknown) => number | undefined
}

/** Why an effect was not allowed. */
export type Denial =
  | { readonly why: 'policy' | 'expired' | 'hook' | 'hook_failed' }
  | { readonly why: 'decision'; readonly reason?: string }

/** Consent that an effect needs before it happens. */
export interface GateSpec {
  readonly permission: 'deny' | 'ask'
  /** What a decision is bound to; compared again before the effect. */
  readonly subject: ApprovalSubject
  /** For the one who decides. */
  readonly content: unknown
  /** How long a decision may take; 0: however long. */
  readonly timeoutMs: number
  /** Decides in this process: `allow`, `deny`, or `ask` and `undefined` to ask outside. */
  readonly hook?: (signal: AbortSignal) => unknown
  readonly hookTimeoutMs: number
  /** What the step fails with. */
  readonly denied: (denial: Denial) => Error
  /** Waits for a place once it is allowed; gives the function that leaves it. */
  readonly enter?: () => Promise<() => void>
}

/** What the body of an effect gets; the body of a model call may also end its own attempt, and not the others. */
export interface EngineStepRun extends StepRun {
  abort(reason: unknown): void
}

/** One effect, as programs ask for it. */
export interface StepSpec<T = unknown> {
  readonly name: string
  readonly key?: string
  /** Selects the event: `step.finished`, `model.finished` or `tool.finished`. */
  readonly noun: 'step' | 'model' | 'tool'
  readonly effect: Effect
  /** `tell` is there when somebody watches; what it is told is recorded nowhere. */
  readonly run: (run: EngineStepRun, tell?: (detail: EffectDetail) => void) => T | Promise<T>
  readonly reconcile?: (run: StepRun) => Reconciled<T> | Promise<Reconciled<T>>
  readonly retry?: StepRetry
  /** A function is asked before each attempt. */
  readonly timeoutMs?: number | (() => number)
  /** For model calls: asked for before each attempt where the run has a budget. */
  readonly estimate?: (attempt: number) => CallEstimate | Promise<CallEstimate>
  /** Compared with the recorded one in a replay. */
  readonly input?: unknown
  /** Facts for readers, taken from the value when there is one. */
  readonly label?: (value: T | undefined) => LabelRecord
  /** For whoever watches; asked before each attempt. */
  readonly facts?: (attempt: number) => EffectFacts
  /** Read by engine code alone: handed over at once, not one per macrotask. */
  readonly folded?: boolean
  /** Entries that are committed in one batch with the result of a success, before it. */
  readonly also?: () => readonly NewEvent[]
  /** Absent: it may happen. */
  readonly gate?: GateSpec
  /** What it does with files; absent: it has none. One that writes never overlaps with another that does. */
  readonly workspace?: WorkspaceAccess
  /** What its sandbox has below `/skills`. */
  readonly skills?: readonly Skill[]
}

/** A wait for a signal, a time, or whichever comes first. */
export interface WaitSpec {
  readonly name: string
  readonly key?: string
  readonly schema?: StandardSchema
  readonly timeoutMs?: number
  /** A sleep: takes no signal and ends well when its time has come. */
  readonly timer?: boolean
}

/** A child scope with a program of its own. */
export interface ChildSpec {
  readonly name: string
  readonly key?: string
  readonly program: Program
  readonly input: unknown
  readonly label: LabelRecord
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly metadata?: Json
  readonly options?: RunCallOptions
  /** What its events say of where it comes from; the engine adds what it knows. */
  readonly lineage?: Pick<Lineage, 'workflow' | 'model'>
}

/** A fan-out over items. */
export interface FanOutSpec<T, R> {
  readonly name: string
  readonly key?: string
  readonly items: readonly T[]
  readonly concurrency: number
  readonly each: (context: EngineContext, item: T, index: number) => Promise<R>
}

/** A transient event without what the engine adds. */
export type TransientInput = TransientEvent extends infer Event
  ? Event extends TransientEvent
    ? Omit<Event, 'runId' | 'at' | 'id' | 'lineage'>
    : never
  : never

/** What a program can ask of the engine. Every promise is settled by the engine in journal order. */
export interface EngineContext {
  readonly run: RunIdentity
  /** Key of this scope; empty for the root. */
  readonly scope: string
  /** How many child scopes enclose this one. */
  readonly depth: number
  readonly metadata: Json
  readonly options: RunCallOptions
  readonly signal: AbortSignal
  /** Bound to the run's ids; silent while recorded results are handed back. */
  readonly log: Logger
  readonly memory: MemoryUse | undefined
  readonly records: RunRecords
  /** Bound to what runs; silent like `log`. */
  readonly metrics: RunMetrics
  step<T>(spec: StepSpec<T>): Promise<T>
  wait(spec: WaitSpec): Promise<unknown>
  child(spec: ChildSpec): Promise<unknown>
  fanOut<T, R>(spec: FanOutSpec<T, R>): Promise<R[]>
  /** Emits a transient event; nothing is emitted during replay. */
  emit(event: TransientInput): void
  /** I/O of engine code that is not an effect; the run is not at rest while it goes on. */
  io<T>(work: () => Promise<T>): Promise<T>
  /** How many child scopes were asked for in the run, and how many are in flight. */
  children(): { readonly total: number; readonly inFlight: number }
}
