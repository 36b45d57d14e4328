import type { AppendObserver } from '../feed/writer.ts'
import type { ErrorRecord } from '../errors/serialize.ts'
import type { ResultData, ResultType, TargetRecord, TraceContext } from '../history/event.ts'
import type { RunHistory } from '../history/fold.ts'
import type { Isolation, Json, ModelRequest, RunMetrics, SnapshotResult } from '../ports/index.ts'
import type { AttemptEnd } from './attempt-end.ts'

/**
 * Somebody who watches runs, such as telemetry. The engine tells what happens and asks nothing, with one exception:
 * bodies run inside of `within`, so that what they do can be attributed to them. An observer never throws and
 * never changes a result; the one that the harness gives is guarded.
 */
export interface EngineObserver extends AppendObserver {
  /** An attempt is about to be recorded. `undefined`: nobody listens, and this attempt costs nothing more. */
  attempt(facts: AttemptFacts): AttemptObserver | undefined
}

/** Which attempt begins. */
export interface AttemptFacts {
  readonly runId: string
  readonly sessionId: string
  readonly target: TargetRecord
  readonly attempt: number
  readonly durable: boolean
  readonly metadata: Json
  /** What the call named as its trace; it goes before what is active where the call is made. */
  readonly parent?: TraceContext
  /** What is recorded of an earlier attempt. Absent for the first. */
  readonly before?: Pick<RunHistory, 'started' | 'results'>
}

/** Watches one attempt. */
export interface AttemptObserver {
  /** Where the attempt stands in a trace, to be recorded with the start. */
  readonly trace: TraceContext | undefined
  readonly metrics: RunMetrics
  /** Runs the program of a scope, so that what it does belongs to it. Gives back what `body` gives. */
  within<T>(scope: string, body: () => T): T
  /** A child begins to execute here. */
  child(facts: ChildFacts): void
  /** A child has ended; again for one that has ended already does nothing. Without an error it ended well or was cut off. */
  childEnded(scope: string, error?: ErrorRecord): void
  /** Where user code stands when it asks for an effect; handed back with its facts. */
  asked(): unknown
  /** A body is about to run. */
  effect(facts: EffectRun): EffectObserver
  /** A command or a snapshot of a step begins. The function that comes back is told its end once. */
  operation(facts: OperationFacts): (end: OperationEnd) => void
  /** A failed attempt of an effect will be followed by another. */
  retried(noun: EffectNoun): void
  /** A result was committed. */
  recorded(type: ResultType, data: ResultData): void
  /** The attempt is over for this process; what is still open ends with it. */
  ended(end: AttemptEnd | NotStarted): void
}

/** What a step does in its sandbox. */
export type OperationFacts =
  | {
      readonly kind: 'exec'
      readonly key: string
      /** As the step gave it, without its arguments. */
      readonly command: string
      readonly isolation: Isolation
    }
  | { readonly kind: 'snapshot'; readonly key: string }

/** What came of it. */
export interface OperationEnd {
  readonly error?: ErrorRecord
  readonly exitCode?: number
  readonly truncated?: boolean
  readonly snapshot?: SnapshotResult
}

/** The attempt was never recorded: somebody else was there first, or the store refused. */
export interface NotStarted {
  readonly end: 'refused'
  readonly error: unknown
}

/** Which child begins. */
export interface ChildFacts {
  /** Key of its scope. */
  readonly scope: string
  readonly agent: string
}

/** Selects the kind of span. */
export type EffectNoun = 'step' | 'model' | 'tool'

/** What a model is asked for: a word of the conventions, where they have one. */
export type ModelOperation = 'chat' | 'embeddings' | 'rerank'

/** What is known of an effect before it runs, for whoever watches; replay does not need it. */
export interface EffectFacts {
  readonly agent?: string
  /** Of a model call. */
  readonly model?: {
    readonly operation: ModelOperation
    readonly alias: string
    readonly provider: string
    readonly id: string
  }
  /** Of a tool call; without a name when the model called one that does not exist. */
  readonly tool?: { readonly name?: string; readonly callId?: string }
}

/** One execution of a body. */
export interface EffectRun {
  readonly key: string
  readonly scope: string
  readonly name: string
  readonly noun: EffectNoun
  readonly attempt: number
  /** It asks what became of an effect and is not the effect itself. */
  readonly reconciles: boolean
  readonly facts: EffectFacts | undefined
  /** What `asked` gave. */
  readonly asked: unknown
}

/** What a body tells of itself while it runs. Content goes no further than whoever watches lets it. */
export interface EffectDetail {
  readonly request?: ModelRequest
  readonly response?: { readonly id?: string; readonly model?: string }
  /** Input of a tool. */
  readonly input?: unknown
}

/** Watches one execution of a body. */
export interface EffectObserver {
  /** Runs the body inside of what watches it. */
  within<T>(body: () => T): T
  tell(detail: EffectDetail): void
  /** The body has ended. One that ended well stays open until its result is recorded. */
  bodyEnded(error?: ErrorRecord): void
}

/** Writes the beginning of an attempt; an attempt that could not be recorded has ended for whoever watches it. */
export async function tellRefusal<T>(
  observer: AttemptObserver | undefined,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    observer?.ended({ end: 'refused', error })
    throw error
  }
}
