export { defineTool } from './define/tool.ts'
export type { Tool, ToolContext, ToolFacts, ToolInit, ToolOf } from './define/tool.ts'
export { defineAgent } from './define/agent.ts'
export type { Agent, AgentInit } from './define/agent.ts'
export { defineGuardrail } from './define/guardrail.ts'
export type { Guardrail, GuardrailContext, GuardrailInit, GuardrailVerdict } from './define/guardrail.ts'
export { defineSkill, type Skill, type SkillInit } from './ports/skill.ts'
export { defineWorkflow } from './define/workflow.ts'
export type { AgentMap, ModelNeeds, ToolMap, Workflow, WorkflowInit } from './define/workflow.ts'
export type {
  AgentCalls,
  ChildCallOptions,
  FanOutOptions,
  StepOptions,
  ToolCalls,
  WaitOptions,
  WorkflowContext,
} from './define/workflow-context.ts'
export type {
  EmbeddingsResult,
  EmbedInit,
  GenerateInit,
  GenerateResult,
  ModelCallOptions,
  ModelRetryOptions,
  RankingResult,
  RerankInit,
  WorkflowModel,
} from './define/model-calls.ts'
export type { Prompt } from './define/prompt.ts'
export type { Checkpoint, CheckpointInfo, CheckpointKind, Checkpoints } from './define/checkpoints.ts'
export type { DelegationPolicy } from './define/delegation.ts'
export type { Budget, BudgetExtension, TokenPrices } from './define/budget.ts'
export type { HarnessDefaults } from './define/defaults.ts'
export type { OnPermission, Permission, PermissionRequest } from './define/permission.ts'
export type { Effect, Reconciled, RetryPolicy, StepRun } from './define/effect.ts'
export type { MemoryHandle, ToolMemory, WorkflowMemory } from './define/memory.ts'
export { defineHarness } from './harness/create.ts'
export type { Harness, HarnessInit, Session, SessionOptions, WorkflowMap } from './harness/harness.ts'
export type { BudgetAmounts, BudgetReport } from './harness/budget-report.ts'
export type { Approval, ApprovalFilter, ApprovalResolution, Approvals } from './harness/approvals.ts'
export type { ForkOptions } from './harness/fork.ts'
export type { HarnessInspection } from './harness/inspect.ts'
export type { PruneOptions, PruneResult } from './harness/prune.ts'
export type { RecoverResult } from './harness/recover.ts'
export type { RunFilter, RunInfo, Runs } from './harness/runs.ts'
export type { RunSummary } from './harness/summary.ts'
export type { Worker, WorkerOptions } from './harness/worker.ts'
export type { TelemetryFlavor, TelemetryOptions } from './telemetry/telemetry-options.ts'
export type { RunOptions, Runnable } from './session/session.ts'
export type { SessionHistory } from './session/history.ts'
export type { RunHandle } from './run/handle.ts'
export type { AuditEvent } from './feed/redact.ts'
export type { CommittedEvent, RunEvent, TransientEvent } from './history/event.ts'
export type { RunState } from './history/fold.ts'
export type { ModelAlias, ModelChoice } from './models/registry.ts'
export type { ModelRetry } from './models/retry.ts'
export { toSSE } from './feed/sse.ts'
export type { EventSource, SSEOptions } from './feed/sse.ts'
export { HarnessError } from './errors/harness-error.ts'
export { allErrorCodes, harnessErrorCodes, type ErrorCode, type HarnessErrorCode } from './errors/codes.ts'
export type { StepFiles, StepSandbox, WorkspaceAccess } from './define/sandbox.ts'
export { inMemoryFiles, type InMemoryFiles, type InMemoryFilesOptions } from './in-memory/in-memory-files.ts'
export { inMemoryStore } from './in-memory/in-memory-store.ts'
export { nodePlatform } from './platform/node-platform.ts'
export type { AnySchema, InputOf, OutputOf, StandardSchema } from './schema/standard-schema.ts'
