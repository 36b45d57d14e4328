import type { Json, Logger, RunMetrics } from '../ports/index.ts'
import type { Effect, Reconciled, RetryPolicy, StepRun } from './effect.ts'
import type { AnySchema, OutputOf, StandardSchema } from '../schema/standard-schema.ts'
import type { Agent } from './agent.ts'
import type { WorkflowModel } from './model-calls.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { WorkflowMemory } from './memory.ts'
import type { WorkspaceAccess } from './sandbox.ts'
import type { Tool } from './tool.ts'
import type { AgentMap, ModelNeeds, ToolMap } from './workflow.ts'

/** Options of `ctx.step`. */
export interface StepOptions<T = unknown> {
  /** Tells two calls of one name apart while both are in flight. */
  readonly key?: string
  /** Default: one attempt. */
  readonly retry?: RetryPolicy
  /** Milliseconds for one attempt; 0 or absent is no limit. */
  readonly timeoutMs?: number
  /** Default `idempotent`. */
  readonly effect?: Effect
  /**
   * What it does with the files of `sandbox`: with `read` it only reads them; with `write` it also changes them and runs
   * commands, and such steps run one at a time in a run. Default: it has no sandbox.
   */
  readonly workspace?: WorkspaceAccess
  /** For `once`: finds out what became of an effect whose outcome is unknown. */
  readonly reconcile?: (run: StepRun) => Reconciled<T> | Promise<Reconciled<T>>
}

/** Options of a child call. */
export interface ChildCallOptions {
  /** Tells two calls of one agent apart while both are in flight. */
  readonly key?: string
  /** Another model alias for this call. */
  readonly model?: string
  readonly signal?: AbortSignal
  /** Milliseconds; can only shorten what the agent says. */
  readonly timeoutMs?: number
  readonly historyWindow?: number
  /** Merged over the run's. */
  readonly metadata?: Json
  /** Whether its messages join the session's history. Default `session`, inside `fanOut` `own`. */
  readonly history?: 'session' | 'own'
}

/** Options of `ctx.wait`. */
export interface WaitOptions<Schema extends AnySchema = StandardSchema> {
  readonly key?: string
  /** Checked when a signal is consumed; a value that does not fit is recorded as rejected. */
  readonly schema?: Schema
  /** Milliseconds until the wait fails with `operation/timeout`; beyond 2^31 works. Absent or 0: no limit. */
  readonly timeoutMs?: number
}

/** Options of `ctx.fanOut`. */
export interface FanOutOptions {
  readonly key?: string
  /** Items at once. Default and upper bound: `maxParallelChildAgentCalls`. */
  readonly concurrency?: number
}

type InputOfAgent<A> = A extends Agent<infer Input> ? Input : never
type OutputOfAgent<A> = A extends Agent<infer _Input, infer Output> ? Output : never
type InputOfTool<T> = T extends Tool<infer Input> ? Input : never
type OutputOfTool<T> = T extends Tool<infer _Input, infer Output> ? Output : never

/** `ctx.agents`: one function for each declared agent. */
export type AgentCalls<Agents extends AgentMap> = {
  readonly [Name in keyof Agents]: (
    input: InputOfAgent<Agents[Name]>,
    options?: ChildCallOptions,
  ) => Promise<OutputOfAgent<Agents[Name]>>
}

/** `ctx.tools`: one function for each declared tool. */
export type ToolCalls<Tools extends ToolMap> = {
  readonly [Name in keyof Tools]: (
    input: InputOfTool<Tools[Name]>,
    options?: { readonly key?: string },
  ) => Promise<OutputOfTool<Tools[Name]>>
}

/** What a workflow handler works with. Its promises settle in the order of the journal, live and after a crash. */
export interface WorkflowContext<
  Agents extends AgentMap = AgentMap,
  Tools extends ToolMap = ToolMap,
  Models extends ModelNeeds = ModelNeeds,
> {
  readonly runId: string
  readonly sessionId: string
  /** Counts from 1; grows with every process or wake-up that goes on with the run. */
  readonly attempt: number
  readonly metadata: Json
  readonly signal: AbortSignal
  /** Bound to the run's ids; silent while recorded results are handed back. */
  readonly log: Logger
  /** Counters and distributions of the application, bound to this workflow; silent like `log`. */
  readonly metrics: RunMetrics
  readonly agents: AgentCalls<Agents>
  readonly tools: ToolCalls<Tools>
  readonly models: { readonly [Alias in keyof Models]: WorkflowModel<Models[Alias][number]> }
  /** Values under keys, beyond this run. */
  readonly memory: WorkflowMemory
  /** What this run leaves for what comes after it. */
  readonly checkpoints: Checkpoints
  /** Runs an effect once and records its result. */
  step<T>(name: string, run: (run: StepRun) => T | Promise<T>, options?: StepOptions<T>): Promise<T>
  /** Waits for a signal; holds no process meanwhile. */
  wait<Schema extends AnySchema = StandardSchema>(
    name: string,
    options?: WaitOptions<Schema>,
  ): Promise<OutputOf<Schema>>
  /** Waits for a time; holds no process meanwhile. */
  sleep(name: string, ms: number, options?: { readonly key?: string }): Promise<void>
  /** Runs a function over items, each in a scope of its own; results in input order, the first failure cancels the rest. */
  fanOut<T, R>(
    name: string,
    items: readonly T[],
    each: (context: WorkflowContext<Agents, Tools, Models>, item: T, index: number) => Promise<R>,
    options?: FanOutOptions,
  ): Promise<R[]>
}
