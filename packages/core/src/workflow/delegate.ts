import type { Agent } from '../define/agent.ts'
import { checkOptions } from '../define/check.ts'
import { delegationDefaults, type DelegationPolicy } from '../define/delegation.ts'
import type { ChildCallOptions } from '../define/workflow-context.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { ModelRegistry } from '../models/registry.ts'
import type { Json, JsonObject } from '../ports/index.ts'
import type { ChildSpec, EngineContext, Program } from '../run/definition.ts'
import { cancelled } from '../run/signal.ts'
import { toFrozenJson, toJson } from '../schema/json.ts'

/** One call of a child agent. */
export interface DelegationCall {
  readonly context: EngineContext
  /** The name under which the workflow declares the agent. */
  readonly name: string
  /** The name of the workflow. */
  readonly workflow: string
  readonly agent: Agent
  readonly program: Program
  readonly input: unknown
  readonly options: ChildCallOptions
  readonly policy: DelegationPolicy
  readonly models: ModelRegistry
  readonly insideFanOut: boolean
}

/** Why a child call is refused. */
export type DelegationRefusal =
  | 'delegation_disabled'
  | 'agent_not_allowed'
  | 'max_delegation_depth_exceeded'
  | 'max_child_agent_calls_exceeded'
  | 'max_parallel_child_agent_calls_exceeded'
  | 'model_alias_not_allowed'

/** Checks a child call, in a fixed order and before anything is spent, and makes its spec. Throws the refusal. */
export function delegate(call: DelegationCall): ChildSpec {
  const { context, name, agent, program, options } = call
  if (context.signal.aborted) throw cancelled('run', 'The run was aborted.', context.signal.reason)
  if (options.signal?.aborted === true)
    throw cancelled('call', 'The signal of the call was already aborted.', options.signal.reason)
  checkCallOptions(name, options)
  if (options.model !== undefined) call.models.get(options.model)
  checkPolicy(call)
  const { key, signal, model, historyWindow } = options
  const timeoutMs = shorter(agent.timeoutMs, options.timeoutMs)
  return {
    name,
    program,
    input: call.input === undefined ? undefined : toJson(call.input, `The input of agent "${agent.name}"`),
    label: { agent: agent.name, history: options.history ?? (call.insideFanOut ? 'own' : 'session') },
    options: {
      ...(model !== undefined && { model }),
      ...(historyWindow !== undefined ? { historyWindow } : inherited(context)),
    },
    lineage: { workflow: call.workflow, model: model ?? agent.model },
    ...(key !== undefined && { key }),
    ...(signal !== undefined && { signal }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(options.metadata !== undefined && { metadata: merged(context.metadata, options.metadata) }),
  }
}

const optionRules = {
  key: 'name',
  model: 'name',
  signal: 'signal',
  timeoutMs: 'timeoutMs',
  historyWindow: 'historyWindow',
  history: 'history',
} as const

function checkCallOptions(name: string, options: ChildCallOptions): void {
  const what = `The call of agent "${name}"`
  checkOptions(what, { ...options }, optionRules)
  if ('durable' in options) {
    throw new HarnessError({
      code: 'validation/options',
      message: `${what}: a child is part of its run and cannot be durable by itself. Leave \`durable\` out.`,
      meta: { field: 'durable' },
    })
  }
}

function checkPolicy({ context, name, policy, options }: DelegationCall): void {
  const { total, inFlight } = context.children()
  const maxCalls = policy.maxChildAgentCalls ?? delegationDefaults.maxChildAgentCalls
  const maxParallel = policy.maxParallelChildAgentCalls ?? delegationDefaults.maxParallelChildAgentCalls
  const maxDepth = policy.maxDepth ?? delegationDefaults.maxDepth
  if (policy.enabled === false) refuse(name, 'delegation_disabled', null)
  if (policy.agents !== undefined && !policy.agents.includes(name))
    refuse(name, 'agent_not_allowed', [...policy.agents])
  if (context.depth + 1 > maxDepth) refuse(name, 'max_delegation_depth_exceeded', maxDepth)
  if (total >= maxCalls) refuse(name, 'max_child_agent_calls_exceeded', maxCalls)
  if (inFlight >= maxParallel) refuse(name, 'max_parallel_child_agent_calls_exceeded', maxParallel)
  const aliases = policy.agentModelAliases?.[name] ?? policy.modelAliases
  if (options.model !== undefined && aliases !== undefined && !aliases.includes(options.model)) {
    refuse(name, 'model_alias_not_allowed', [...aliases])
  }
}

function refuse(agent: string, reason: DelegationRefusal, limit: Json): never {
  throw new HarnessError({
    code: 'delegation/refused',
    message: `The call of agent "${agent}" is refused: ${reason} (${JSON.stringify(limit)}). Change the workflow's delegation policy if this is wanted.`,
    meta: { agent, reason, limit },
  })
}

function inherited(context: EngineContext): { readonly historyWindow?: number } {
  const { historyWindow } = context.options
  return historyWindow === undefined ? {} : { historyWindow }
}

function shorter(own: number | undefined, asked: number | undefined): number | undefined {
  const limits = [own, asked].filter((limit): limit is number => limit !== undefined && limit > 0)
  return limits.length === 0 ? undefined : Math.min(...limits)
}

/** The call's metadata over the run's; what is not an object has no fields to merge. */
function merged(base: Json, over: Json): Json {
  const value = isObject(base) && isObject(over) ? { ...base, ...over } : over
  return toFrozenJson(value, 'The metadata of the call')
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
