import type { Agent } from '../define/agent.ts'
import type { HarnessDefaults } from '../define/defaults.ts'
import type { Guardrail } from '../define/guardrail.ts'
import type { AgentMap, Workflow } from '../define/workflow.ts'
import type { ModelChoice } from '../models/registry.ts'
import type { MemoryHandle } from '../define/memory.ts'
import type {
  Capability,
  Json,
  Logger,
  MemoryAdapter,
  Platform,
  SandboxAdapter,
  Store,
  WorkspaceAdapter,
} from '../ports/index.ts'
import type { SessionHistory } from '../session/history.ts'
import type { Runnable } from '../session/session.ts'
import type { TelemetryOptions } from '../telemetry/telemetry-options.ts'
import type { Approvals } from './approvals.ts'
import type { HarnessInspection } from './inspect.ts'
import type { Runs } from './runs.ts'
import type { RunSummary } from './summary.ts'
import type { Worker, WorkerOptions } from './worker.ts'

/** Workflows by the name that sessions use. */
export type WorkflowMap = Readonly<Record<string, Workflow>>

/** Every alias that agents and workflows name. */
export type AliasOf<Agents extends AgentMap, Workflows extends WorkflowMap> =
  Agents[keyof Agents]['model'] | Workflows[keyof Workflows]['aliases'][number]

/** What `defineHarness` takes. */
export interface HarnessInit<Agents extends AgentMap, Workflows extends WorkflowMap> {
  readonly name: string
  /** At least the aliases that agents and workflows name. */
  readonly models: Readonly<Record<AliasOf<Agents, Workflows>, ModelChoice>> &
    Readonly<Record<string, ModelChoice>>
  readonly agents?: Agents
  readonly workflows?: Workflows
  /** Default: in memory, with the newest 1,000 finished runs. */
  readonly store?: Store
  /** Default: the store's, if it has one. */
  readonly memory?: MemoryAdapter
  /** Where tools and steps have files and commands. Default: files in memory, and no commands. */
  readonly sandbox?: SandboxAdapter
  /**
   * Keeps the files of durable runs with their steps; it belongs to the sandbox beside it. Default: in memory with the
   * default sandbox, none with another one.
   */
  readonly workspace?: WorkspaceAdapter
  readonly logger?: Logger
  /** Where spans and metrics go. Default: the global providers of OpenTelemetry; `false`: nowhere. */
  readonly telemetry?: TelemetryOptions | false
  readonly platform?: Platform
  /** Capabilities that some adapter must have. */
  readonly requires?: readonly Capability[]
  readonly defaults?: HarnessDefaults
  /** Of every agent, before its own. */
  readonly guardrails?: readonly Guardrail[]
}

/** Options of `getSession`. */
export interface SessionOptions {
  /**
   * Any JSON of at most 7 KiB, kept with the session and read back by later calls, also in other processes. Given
   * again, it replaces what was kept, whole. Runs and models do not see it: they have the `metadata` of their call.
   */
  readonly metadata?: Json
}

/** One conversation thread with what can be run in it. */
export interface Session<Agents extends AgentMap = AgentMap, Workflows extends WorkflowMap = WorkflowMap> {
  readonly id: string
  /** What was given to `getSession`, as this process last read or wrote it; `{}` without. Frozen. */
  readonly metadata: Json
  readonly history: SessionHistory
  /** The session's memory, outside runs. */
  readonly memory: MemoryHandle
  readonly agents: { readonly [Name in keyof Agents]: RunnableOf<Agents[Name]> }
  readonly workflows: { readonly [Name in keyof Workflows]: RunnableOf<Workflows[Name]> }
  /** What a run of this session did so far. Throws `run/not-found` for any other run. */
  getRunSummary(runId: string): Promise<RunSummary>
  /** Refused as `session/busy` while a run executes; a suspended one goes on waiting. */
  close(): Promise<void>
  /** Waits for an executing run, then closes. */
  [Symbol.asyncDispose](): Promise<void>
}

type RunnableOf<D> =
  D extends Agent<infer Input, infer Output>
    ? Runnable<Input, Output>
    : D extends Workflow<infer Input, infer Output>
      ? Runnable<Input, Output>
      : never

/** Compiled definitions and the adapters that they run on. */
export interface Harness<Agents extends AgentMap = AgentMap, Workflows extends WorkflowMap = WorkflowMap> {
  readonly name: string
  readonly runs: Runs
  readonly approvals: Approvals
  /** Opens or creates; the same id gives the same session. */
  getSession(id: string, options?: SessionOptions): Promise<Session<Agents, Workflows>>
  /** Goes on with recoverable runs until it is stopped. */
  worker(options?: WorkerOptions): Worker
  inspect(): HarnessInspection
  /** Stops what executes here without ending it, and closes every adapter even if some fail. */
  shutdown(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
