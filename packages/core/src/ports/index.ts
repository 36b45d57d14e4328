export type { Json, JsonObject } from './json.ts'
export { portSpecs } from './spec.ts'
export type { AdapterInfo, Capability, PortName, PortSpec } from './spec.ts'
export type { AdapterContext, AdapterDefaults, Configurable } from './configure.ts'
export {
  errorBrand,
  isCodedError,
  journalErrorCodes,
  modelErrorCodes,
  PortError,
  sandboxErrorCodes,
  skillErrorCodes,
  storeErrorCodes,
  toolSourceErrorCodes,
  workspaceErrorCodes,
} from './errors.ts'
export type { ErrorMeta, PortErrorCode, PortErrorInit } from './errors.ts'
export type {
  AppendResult,
  Batch,
  Entry,
  EntryInput,
  Fence,
  Head,
  HeadQuery,
  Journal,
  ReadOptions,
} from './journal.ts'
export type { AcquireResult, Leases, LeaseState } from './lease.ts'
export type { Blobs, SweepResult } from './blobs.ts'
export type {
  Memory,
  MemoryAdapter,
  MemoryListQuery,
  MemoryMatch,
  MemoryPage,
  MemoryRecord,
  MemoryScope,
  MemoryScopeKind,
  MemorySearchQuery,
  MemoryWrite,
} from './memory.ts'
export { wordsOf } from './memory-words.ts'
export { defineSkill, isSkillPath, skillFileName } from './skill.ts'
export type { Skill, SkillFile, SkillInit } from './skill.ts'
export type { Store } from './store.ts'
export { ExecError } from './exec-error.ts'
export { compileGlob } from './glob-pattern.ts'
export type { GlobPattern } from './glob-pattern.ts'
export { searchLines } from './line-search.ts'
export type { LineSearch, SearchedFile } from './line-search.ts'
export { replaceInBytes, replaceLiterally } from './literal-edit.ts'
export { optionWithin, sandboxBounds, sandboxLimits } from './sandbox-bounds.ts'
export type { Bound } from './sandbox-bounds.ts'
export { checkMount, checkSandboxPath } from './sandbox-path.ts'
export type { SandboxPath } from './sandbox-path.ts'
export { sandboxPathError } from './sandbox-path-error.ts'
export type { PathFault } from './sandbox-path-error.ts'
export type {
  CommandOptions,
  DirectoryEntry,
  ExecOptions,
  ExecOutput,
  ExecResult,
  FileCallOptions,
  FileContent,
  FileEdit,
  FileFacts,
  GlobOptions,
  GrepOptions,
  Isolation,
  IsolationControl,
  IsolationReport,
  LineMatch,
  ListOptions,
  MountedFile,
  ReadFileOptions,
  Sandbox,
  SandboxAdapter,
  SandboxFiles,
  SandboxProcess,
  SandboxRequest,
  WriteFileOptions,
} from './sandbox.ts'
export type {
  OpenedWorkspace,
  SnapshotResult,
  WorkspaceAdapter,
  WorkspaceInspection,
  WorkspaceOperation,
  WorkspaceQuota,
} from './workspace.ts'
export type {
  SourceCallOptions,
  SourceConnection,
  SourcedResult,
  SourcedTool,
  SourceRequest,
  ToolSource,
} from './tool-source.ts'
export type { OwnerLiveness, Platform, Timer, TimerOptions } from './platform.ts'
export type { LogFields, Logger } from './logger.ts'
export { assembleToolCalls, malformedAnswer, normalizeUsage } from './model.ts'
export type { MetricAttributes, RunMetrics, Telemetry } from './telemetry.ts'
export type {
  EmbedRequest,
  EmbedResult,
  FilePart,
  FinishReason,
  GenerateOptions,
  Message,
  Model,
  ModelCapability,
  ModelPart,
  ModelRequest,
  ModelSettings,
  RankedDocument,
  ReasoningPart,
  RerankRequest,
  RerankResult,
  TextPart,
  ToolCallAssembly,
  ToolCallDelta,
  ToolCallPart,
  ToolResultPart,
  ToolSpec,
  Usage,
} from './model.ts'
