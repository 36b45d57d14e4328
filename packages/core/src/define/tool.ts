import type { Checkpoints } from './checkpoints.ts'
import type { Effect } from './effect.ts'
import type { ToolMemory } from './memory.ts'
import type { Capability, Json, Logger, RunMetrics } from '../ports/index.ts'
import type { AnySchema, InputOf, OutputOf, StandardSchema } from '../schema/standard-schema.ts'
import { checkFields, checkFunction, checkSchema, requireFields } from './check.ts'
import type { Permission } from './permission.ts'
import type { StepSandbox } from './sandbox.ts'
import { toolVersionOf } from './tool-version.ts'

/** What a tool gets beside its input. */
export interface ToolContext {
  readonly runId: string
  readonly sessionId: string
  readonly attempt: number
  /** The model's id of this call; absent when a workflow calls the tool. */
  readonly callId?: string
  readonly metadata: Json
  /** The same for every attempt of this call, in every process: hand it to the service that you call. */
  readonly idempotencyKey: string
  readonly signal: AbortSignal
  /** Files and commands; a tool that does not say `workspace: 'write'` may only read files. */
  readonly sandbox: StepSandbox
  readonly log: Logger
  /** Values under keys, beyond this run. */
  readonly memory: ToolMemory
  /** What this run leaves for what comes after it. */
  readonly checkpoints: Checkpoints
  readonly metrics: RunMetrics
}

/** What `defineTool` takes. */
export interface ToolInit<Input extends AnySchema, Output extends AnySchema> {
  /** 1 to 64 of A-Z a-z 0-9 _ - */
  readonly name: string
  /** For the model: what it does and when to use it. */
  readonly description: string
  /** An object; the model sees it as JSON Schema. */
  readonly input: Input
  /** Checked after each execution. Default: any JSON. */
  readonly output?: Output
  /** What may happen when its outcome is unknown. Default `once`: it is never run again by itself. */
  readonly effect?: Effect
  /** Milliseconds; 0 is no limit. Default: the harness's `toolTimeoutMs`. */
  readonly timeoutMs?: number
  /** It changes files, or other things that the tools of a run share, or runs commands: such calls run one at a time in a run. */
  readonly workspace?: 'write'
  /** What some adapter of a harness must have, such as `sandbox.exec`; `defineHarness` refuses it otherwise. */
  readonly requires?: readonly Capability[]
  /** Default `allow`. With `ask` each call waits for an approval; an agent may say otherwise. */
  readonly permission?: Permission
  /** An approval counts for one version. Default: a hash of name, description and schemas. */
  readonly version?: string
  readonly execute: (
    input: OutputOf<Input>,
    context: ToolContext,
  ) => InputOf<Output> | Promise<InputOf<Output>>
}

/** What a tool says of itself. */
export interface ToolFacts {
  readonly kind: 'tool'
  readonly name: string
  readonly description: string
  readonly input: StandardSchema
  readonly output: StandardSchema | undefined
  readonly effect: Effect
  readonly timeoutMs: number | undefined
  readonly workspace?: 'write' | undefined
  readonly requires?: readonly Capability[] | undefined
  readonly permission: Permission
  readonly version: string
}

/** A tool: a typed function that a model or a workflow can call. Frozen. */
export interface Tool<Input = unknown, Output = unknown> extends ToolFacts {
  /** Method syntax: a tool with a narrower input is still a tool. */
  execute(input: Input, context: ToolContext): Output | Promise<Output>
  /** What a result depends on beside the input. A replay in which it is another has diverged. */
  revisionOf?(input: unknown): string | undefined
}

/** The tool of these schemas. Their types are worked out where it is called, and not where it is only listed. */
export interface ToolOf<Input extends AnySchema, Output extends AnySchema> extends ToolFacts {
  execute(input: InputOf<Input>, context: ToolContext): OutputOf<Output> | Promise<OutputOf<Output>>
}

/** Declares a tool. Throws `config/definition` when a field is not valid. */
export function defineTool<Input extends AnySchema, Output extends AnySchema = StandardSchema>(
  init: ToolInit<Input, Output>,
): ToolOf<Input, Output> {
  const what = `Tool "${String(init.name)}"`
  requireFields(what, { ...init }, ['name', 'description', 'input', 'execute'])
  checkFields(
    what,
    { ...init },
    {
      name: 'toolName',
      version: 'version',
      description: 'description',
      effect: 'effect',
      timeoutMs: 'timeoutMs',
      workspace: 'workspace',
      permission: 'permission',
    },
  )
  checkFunction(what, 'execute', init.execute)
  checkSchema(what, 'input', init.input)
  checkSchema(what, 'output', init.output)
  let { version } = init
  return Object.freeze({
    kind: 'tool' as const,
    name: init.name,
    description: init.description,
    input: init.input as StandardSchema,
    output: init.output as StandardSchema | undefined,
    effect: init.effect ?? 'once',
    timeoutMs: init.timeoutMs,
    workspace: init.workspace,
    requires: init.requires && Object.freeze([...init.requires]),
    permission: init.permission ?? 'allow',
    // Most tools are never asked for it, and schemas take their time.
    get version() {
      return (version ??= toolVersionOf(this))
    },
    execute: init.execute,
  })
}
