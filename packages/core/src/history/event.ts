import type { Budget, BudgetExtension, TokenPrices } from '../define/budget.ts'
import type { FinishReason, Json, JsonObject, Usage } from '../ports/index.ts'
import type { ErrorRecord } from '../errors/serialize.ts'
import type { CheckpointKey } from '../define/checkpoints.ts'
import type { IssueRecord } from '../schema/validate.ts'
import type { Lineage } from './lineage.ts'

/**
 * Every event of a run. Committed ones are the entries of the journal's stream `run/<id>`; transient ones
 * (no position) live only in the process that executes. Names are `noun.verb` with the verbs started,
 * resumed, suspended, finished, opened, requested, resolved, retried, intended, reserved, extended, rejected, written,
 * deleted, snapshotted,
 * delta, partial, overflow.
 */

/** A value as an entry holds it: inline, or by content hash when its JSON is over 64 KiB; neither: `undefined`. */
export interface StoredValue {
  readonly value?: Json
  readonly blob?: { readonly ref: string; readonly bytes: number }
}

/** Which code a run executes. */
export interface TargetRecord {
  readonly kind: string
  readonly name: string
  readonly version: string
}

/** What is known of an asked-for effect, wait or child. */
export interface AskRecord {
  /** Path of names that identifies it in the run. */
  readonly key: string
  /** Key of the scope that asked; empty for the root. */
  readonly scope: string
  /** Position of the last result that user code had received when it asked. */
  readonly after: number
  /** Position of the last result that engine code of the scope had taken, when it is ahead of `after`. */
  readonly seen?: number
  /** The name of the call, when it gave a key of its own and the key does not say it. */
  readonly name?: string
  /** Of what happens in a child, and of its end. */
  readonly lineage?: Lineage
}

/** Where a failure came from: the result that recorded it first, then each scope end that carried it. */
export interface FailureLink {
  readonly position: number
  readonly scope: string
}

/** Where an attempt stands in a trace, as the W3C headers say it. */
export interface TraceContext {
  readonly traceparent: string
  readonly tracestate?: string
}

/** How something ended. A failure keeps the links of the recorded failures that it carries. */
export type ResultOutcome =
  | ({ readonly status: 'ok' } & StoredValue)
  | { readonly status: 'failed'; readonly error: ErrorRecord; readonly chain?: readonly FailureLink[] }

/** A result, recorded once. */
export type ResultData = AskRecord &
  ResultOutcome & {
    readonly inputHash?: string
    /** Counts from 1. */
    readonly attempt?: number
    readonly startedAt?: number
    /** The attempt of the run that recorded it, when it is not the first. */
    readonly runAttempt?: number
    /** The effect may not run twice. */
    readonly once?: true
    /** A `once` effect whose step can ask the outside world what became of it. */
    readonly reconcilable?: true
    readonly label?: LabelRecord
  }

/** Facts about a result that readers want and replay does not need. */
export interface LabelRecord {
  readonly agent?: string
  readonly tool?: string
  readonly callId?: string
  readonly model?: string
  readonly finishReason?: FinishReason
  /** The provider's own word for why the model stopped. */
  readonly rawReason?: string
  readonly usage?: Usage
  /** Whether a child's messages join the session's history. */
  readonly history?: 'session' | 'own'
  /** What guardrails were asked about. */
  readonly guardrail?: 'input' | 'output' | 'tool_call'
}

/** What an approval is for. The engine compares it as a whole and does not look into it. */
export interface ApprovalSubject {
  readonly tool: string
  readonly toolVersion: string
  /** Of the arguments as canonical JSON. */
  readonly argumentsHash: string
  /** The model's id of the call; absent when a workflow calls the tool. */
  readonly callId?: string
  readonly agent?: string
}

/** What became of an approval. `withdrawn`: what it was for is no longer asked for, such as another version of a tool. */
export type ApprovalDecision = 'allow' | 'deny' | 'expired' | 'withdrawn'

/** Why a decision does not count. */
export type ApprovalRefusal =
  'unknown' | 'wrong_run' | 'mutated' | 'expired' | 'already_resolved' | 'withdrawn' | 'invalid'

/** Why a run stopped for now. */
export type SuspendReason = 'waiting' | 'deferred' | 'budget/exhausted' | 'poisoned'

/** A step that could not go on when its run suspended. */
export interface ParkedRecord {
  readonly key: string
  readonly reason: 'deferred' | 'budget/exhausted'
  /** When it goes on by itself. */
  readonly dueAt?: number
  /** What the budget lacks for it at least. */
  readonly needs?: Budget
}

/** A checkpoint as it was written; its payload is the stored value. */
export interface CheckpointRecord extends CheckpointKey, StoredValue {
  /** Key of the scope that wrote it; empty for the root. */
  readonly scope: string
  readonly agent?: string
  readonly metadata: JsonObject
  readonly payloadHash: string
  /** UTF-8. */
  readonly payloadSizeBytes: number
  readonly createdAt: number
}

/** Committed events by type. */
export interface CommittedEvents {
  'run.started': {
    readonly target: TargetRecord
    readonly sessionId: string
    readonly input: StoredValue
    readonly inputHash: string
    readonly durable: boolean
    readonly timeoutMs: number
    readonly budget?: Budget
    readonly metadata?: Json
    readonly options?: Json
    /** How far the session's history counts for this run. */
    readonly historyPosition: number
    readonly forkedFrom?: { readonly runId: string; readonly position: number }
    /** The span of the first attempt. Absent when nobody traced it. */
    readonly trace?: TraceContext
  }
  'run.resumed': { readonly attempt: number; readonly voided?: readonly number[] }
  'run.suspended': {
    readonly reason: SuspendReason
    readonly waits: readonly string[]
    readonly parked?: readonly ParkedRecord[]
    /** Ids of the open approvals, when there are any. */
    readonly approvals?: readonly string[]
    readonly dueAt?: number
    readonly activeMs: number
  }
  'run.finished':
    | ({ readonly outcome: 'succeeded'; readonly activeMs: number } & StoredValue)
    | {
        readonly outcome: 'cancelled'
        readonly activeMs: number
        readonly reason?: string
        readonly error: ErrorRecord
      }
    | {
        readonly outcome: 'failed'
        readonly activeMs: number
        readonly error: ErrorRecord
        readonly chain?: readonly FailureLink[]
      }
  'step.finished': ResultData
  'model.finished': ResultData
  'tool.finished': ResultData
  'agent.finished': ResultData
  'fanout.finished': ResultData
  'wait.opened': AskRecord & { readonly name: string; readonly timer: boolean; readonly dueAt?: number }
  'wait.resolved': ResultData & { readonly commandId?: string }
  'signal.rejected': {
    readonly key: string
    readonly commandId: string
    readonly issues: readonly IssueRecord[]
    readonly lineage?: Lineage
  }
  'step.retried': AskRecord & {
    readonly attempt: number
    readonly error: ErrorRecord
    readonly delayMs: number
    /** The wait holds no process: the next attempt is not made before this time. */
    readonly dueAt?: number
  }
  'step.intended': AskRecord & { readonly attempt: number }
  /** A model call may be made: its upper bound counts until the usage of its result takes its place. */
  'budget.reserved': {
    readonly key: string
    readonly attempt: number
    readonly calls: number
    /** Input and output together. */
    readonly tokens: number
    readonly inputTokens: number
    readonly outputTokens: number
    readonly costUsd?: number
    readonly prices?: TokenPrices
    readonly lineage?: Lineage
  }
  'budget.extended': BudgetExtension & { readonly commandId: string }
  'checkpoint.written': CheckpointRecord & { readonly lineage?: Lineage }
  /**
   * The files as a step leaves them, right before its result. It counts with that result: without it, as in a fork that
   * was cut in between, the files are those of the step before.
   */
  'workspace.snapshotted': {
    readonly key: string
    readonly scope: string
    /** Names the snapshot in the workspace of the harness. */
    readonly ref: string
    /** Absent, like the bytes, for the files that the run began with. */
    readonly files?: number
    readonly bytes?: number
    /** That were not stored yet. */
    readonly writtenBytes?: number
    readonly lineage?: Lineage
  }
  'checkpoint.deleted': CheckpointKey & { readonly scope: string; readonly lineage?: Lineage }
  /** The value is what the decision is about, such as the arguments of a call. */
  'approval.requested': AskRecord &
    StoredValue & {
      readonly approvalId: string
      /** Hash over run, key, id, subject and expiry. */
      readonly binding: string
      readonly subject: ApprovalSubject
      readonly expiresAt?: number
    }
  'approval.resolved': AskRecord & {
    /** Absent when a hook of this process decided, so that nobody was asked. */
    readonly approvalId?: string
    readonly binding: string
    readonly decision: ApprovalDecision
    readonly decidedAt: number
    readonly by?: string
    readonly reason?: string
    readonly commandId?: string
  }
  'approval.rejected': {
    readonly approvalId: string
    readonly commandId: string
    readonly reason: ApprovalRefusal
  }
}

/** What began and can be told from other executions of the same key by its `id`. */
interface Started {
  readonly id: string
  readonly key: string
}

/**
 * The end of something that is not recorded, because it was aborted before it completed (`cancelled`), or because the
 * attempt that began it is over and another one begins it anew (`interrupted`).
 */
interface Unrecorded extends Started {
  readonly status: 'cancelled' | 'interrupted'
  readonly label?: LabelRecord
}

/** Transient events by type: delivered live, never stored. */
export interface TransientEvents {
  'agent.started': Started & { readonly agent: string }
  'model.started': Started & {
    readonly model: string
    readonly agent?: string
    readonly attempt: number
  }
  'tool.started': Started & {
    readonly tool: string
    readonly callId: string
    readonly agent?: string
  }
  'fanout.started': Started & { readonly items: number }
  'agent.finished': Unrecorded
  'model.finished': Unrecorded
  'tool.finished': Unrecorded
  'fanout.finished': Unrecorded
  /** Text of a model turn under way. A new attempt starts the text anew; `offset` counts UTF-16 units. */
  'model.delta': {
    readonly key: string
    readonly attempt: number
    readonly offset: number
    readonly text: string
    readonly agent?: string
  }
  /** What is known of a structured answer that is being written; a later one of the attempt says the same or more. */
  'model.object.partial': {
    readonly key: string
    readonly attempt: number
    readonly value: Json
    readonly agent?: string
  }
  /** This reader was too slow: so many transient events were dropped for it. */
  'stream.overflow': { readonly dropped: number }
}

/** Type of a committed event. */
export type CommittedType = keyof CommittedEvents

/** Type of a result entry. */
export type ResultType =
  | 'step.finished'
  | 'model.finished'
  | 'tool.finished'
  | 'agent.finished'
  | 'fanout.finished'
  | 'wait.resolved'

/** One committed event. */
export type CommittedEvent = {
  [Type in CommittedType]: {
    readonly type: Type
    readonly runId: string
    readonly position: number
    readonly at: number
  } & (Type extends ResultType ? { readonly id: string } : unknown) &
    CommittedEvents[Type]
}[CommittedType]

/** One transient event. */
export type TransientEvent = {
  [Type in keyof TransientEvents]: {
    readonly type: Type
    readonly runId: string
    readonly at: number
    /** Of what happens in a child. */
    readonly lineage?: Lineage
  } & TransientEvents[Type]
}[keyof TransientEvents]

/** Something began. */
export type StartedEvent = Extract<TransientEvent, { readonly type: `${string}.started` }>

/** Something ended that is not recorded. */
export type UnrecordedEnd = Extract<TransientEvent, { readonly status: string }>

/** What `stream()` and `events()` yield. Committed events have a `position`. */
export type RunEvent = CommittedEvent | TransientEvent

/** An entry before it is appended. */
export type NewEvent = {
  [Type in CommittedType]: { readonly type: Type; readonly data: CommittedEvents[Type] }
}[CommittedType]

/** Commands in `inbox/<runId>`. */
export interface CommandEvents {
  'command.signal': { readonly commandId: string; readonly name: string; readonly key?: string } & StoredValue
  'command.cancel': { readonly commandId: string; readonly reason?: string }
  'command.extend': BudgetExtension & { readonly commandId: string }
  'command.approve': {
    readonly commandId: string
    readonly approvalId: string
    readonly binding: string
    readonly decision: 'allow' | 'deny'
    readonly by?: string
    readonly reason?: string
  }
}

/** How an operation ended, for error meta. */
export type OperationScope = 'run' | 'agent' | 'model' | 'tool' | 'step' | 'wait' | 'call' | 'fanout'
