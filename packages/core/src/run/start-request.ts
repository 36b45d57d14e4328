import type { Budget } from '../define/budget.ts'
import type { TraceContext } from '../history/event.ts'
import type { Json } from '../ports/index.ts'
import type { Definition, RunCallOptions } from './definition.ts'

/** A call for a run. */
export interface StartRequest {
  readonly definition: Definition
  readonly sessionId: string
  readonly input: unknown
  /** Names the run and makes it recoverable by workers. */
  readonly runId?: string
  /** 0: none. */
  readonly timeoutMs: number
  readonly budget?: Budget
  readonly metadata?: Json
  readonly options?: RunCallOptions
  readonly signal?: AbortSignal
  /** The trace that the run belongs to, validated. */
  readonly trace?: TraceContext
}
