import type { AnySchema, InputOf, OutputOf, StandardSchema } from '../schema/standard-schema.ts'
import type { ModelCapability } from '../ports/index.ts'
import type { Agent } from './agent.ts'
import { checkBudgetField, type Budget } from './budget.ts'
import { checkFields, checkFunction, checkSchema, invalidDefinition, requireFields } from './check.ts'
import type { DelegationPolicy } from './delegation.ts'
import { checkDelegation } from './delegation.ts'
import { checkNeeds } from './model-needs.ts'
import type { Tool } from './tool.ts'
import type { WorkflowContext } from './workflow-context.ts'

/** Agents by the name that the handler uses. */
export type AgentMap = Readonly<Record<string, Agent>>

/** Tools by the name that the handler uses. */
export type ToolMap = Readonly<Record<string, Tool>>

/** Model aliases with what the handler needs of them. */
export type ModelNeeds = Readonly<Record<string, readonly ModelCapability[]>>

/** The aliases that a workflow names: those of its agents and its own. */
export type WorkflowAlias<Agents extends AgentMap, Models extends ModelNeeds> =
  Agents[keyof Agents]['model'] | (keyof Models & string)

/** What `defineWorkflow` takes. */
export interface WorkflowInit<
  Input extends AnySchema,
  Output extends AnySchema,
  Agents extends AgentMap,
  Tools extends ToolMap,
  Models extends ModelNeeds,
> {
  /** 1 to 64 of A-Z a-z 0-9 _ . : - */
  readonly name: string
  /** A run can only be resumed by the version that started it. Default `1`. */
  readonly version?: string
  readonly input: Input
  readonly output: Output
  /** The agents that `ctx.agents` offers. Declaring them is the opt-in to delegation. */
  readonly agents?: Agents
  readonly tools?: Tools
  readonly models?: Models
  readonly delegation?: DelegationPolicy
  /** Milliseconds under a lease, over all attempts; 0 is no limit. */
  readonly timeoutMs?: number
  /** What a run may spend, with its children. */
  readonly budget?: Budget
  /**
   * The handler. What it awaits through `ctx` is recorded once and handed back after a crash; anything else it
   * does runs again.
   */
  readonly run: (
    context: WorkflowContext<Agents, Tools, Models>,
    input: OutputOf<Input>,
  ) => InputOf<Output> | Promise<InputOf<Output>>
}

/** A workflow: a typed handler that orchestrates agents, tools, steps and waits. Frozen. */
export interface Workflow<Input = unknown, Output = unknown, Alias extends string = string> {
  readonly kind: 'workflow'
  readonly name: string
  readonly version: string
  readonly input: StandardSchema<Input>
  readonly output: StandardSchema<unknown, Output>
  readonly agents: AgentMap
  readonly tools: ToolMap
  readonly models: ModelNeeds
  readonly delegation: DelegationPolicy | undefined
  readonly timeoutMs: number | undefined
  readonly budget: Budget | undefined
  /** Every alias that it needs; only the type says which. */
  readonly aliases: readonly Alias[]
  run(context: WorkflowContext, input: unknown): unknown
}

/** Declares a workflow. Throws `config/definition` when a field is not valid. */
export function defineWorkflow<
  Input extends AnySchema,
  Output extends AnySchema,
  const Agents extends AgentMap = Record<never, never>,
  const Tools extends ToolMap = Record<never, never>,
  const Models extends ModelNeeds = Record<never, never>,
>(
  init: WorkflowInit<Input, Output, Agents, Tools, Models>,
): Workflow<InputOf<Input>, OutputOf<Output>, WorkflowAlias<Agents, Models>> {
  const what = `Workflow "${String(init.name)}"`
  requireFields(what, { ...init }, ['name', 'input', 'output', 'run'])
  checkFields(what, { ...init }, { name: 'name', version: 'version', timeoutMs: 'timeoutMs' })
  checkFunction(what, 'run', init.run)
  checkSchema(what, 'input', init.input)
  checkSchema(what, 'output', init.output)
  const agents: AgentMap = init.agents ?? {}
  for (const [key, agent] of Object.entries(agents)) {
    checkFields(`${what}, agents`, { [key]: key }, { [key]: 'name' })
    if (agent?.kind !== 'agent')
      invalidDefinition(`${what}: agents.${key} must be a value made by defineAgent.`)
  }
  for (const [key, tool] of Object.entries(init.tools ?? {})) {
    checkFields(`${what}, tools`, { [key]: key }, { [key]: 'name' })
    if (tool?.kind !== 'tool') invalidDefinition(`${what}: tools.${key} must be a value made by defineTool.`)
  }
  for (const [alias, needs] of Object.entries(init.models ?? {})) {
    checkFields(`${what}, models`, { [alias]: alias }, { [alias]: 'name' })
    checkNeeds(what, alias, needs)
  }
  checkBudgetField(what, init.budget)
  if (init.delegation !== undefined) checkDelegation(what, init.delegation, Object.keys(agents))
  const aliases = [...Object.values(agents).map((agent) => agent.model), ...Object.keys(init.models ?? {})]
  return Object.freeze({
    kind: 'workflow' as const,
    name: init.name,
    version: init.version ?? '1',
    input: init.input as StandardSchema<InputOf<Input>>,
    output: init.output as StandardSchema<unknown, OutputOf<Output>>,
    agents: Object.freeze({ ...agents }),
    tools: Object.freeze({ ...init.tools }),
    models: Object.freeze({ ...init.models }),
    delegation: init.delegation === undefined ? undefined : Object.freeze({ ...init.delegation }),
    timeoutMs: init.timeoutMs,
    budget: init.budget && Object.freeze({ ...init.budget }),
    aliases: Object.freeze([...new Set(aliases)]) as readonly WorkflowAlias<Agents, Models>[],
    // What the handler is given follows from its own declarations, which the common type does not say.
    run: init.run as never,
  })
}
