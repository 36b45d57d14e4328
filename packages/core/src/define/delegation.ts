import { checkFields, invalidDefinition } from './check.ts'

/** What a workflow may ask of its child agents. A workflow's policy goes before the harness's defaults. */
export interface DelegationPolicy {
  /** `false` refuses every child call. Default: true. */
  readonly enabled?: boolean
  /** The agents that may be called, by their names in `agents`. Default: all declared ones. */
  readonly agents?: readonly string[]
  /** Child calls in the whole run, over all attempts. Default 32. */
  readonly maxChildAgentCalls?: number
  /** Child calls in flight at once. Default 8. */
  readonly maxParallelChildAgentCalls?: number
  /** How deep children may nest; 0 forbids them. Default 1. */
  readonly maxDepth?: number
  /** Model aliases that a call's `model` may name. Default: those that the harness has. */
  readonly modelAliases?: readonly string[]
  /** The same by agent; goes before `modelAliases`. */
  readonly agentModelAliases?: Readonly<Record<string, readonly string[]>>
}

/** Limits that hold when neither workflow nor harness says otherwise. */
export const delegationDefaults = {
  maxChildAgentCalls: 32,
  maxParallelChildAgentCalls: 8,
  maxDepth: 1,
} as const

/** Refuses limits that are not whole numbers and names of agents that the workflow does not declare. */
export function checkDelegation(
  what: string,
  policy: DelegationPolicy,
  agents: readonly string[] | undefined,
): void {
  checkFields(
    `${what}, delegation`,
    { ...policy },
    { enabled: 'flag', maxChildAgentCalls: 'limit', maxParallelChildAgentCalls: 'count', maxDepth: 'limit' },
  )
  const lists = [policy.agents, policy.modelAliases, ...Object.values(policy.agentModelAliases ?? {})]
  if (lists.some((list) => list !== undefined && !Array.isArray(list))) {
    invalidDefinition(`${what}: agents, modelAliases and agentModelAliases of delegation are lists of names.`)
  }
  if (agents === undefined) return
  const named = [...(policy.agents ?? []), ...Object.keys(policy.agentModelAliases ?? {})]
  const unknown = named.find((name) => !agents.includes(name))
  if (unknown !== undefined)
    invalidDefinition(`${what}: delegation names the agent "${unknown}", which it does not declare.`)
}

/** Refuses aliases that no model of the harness has: a call that names one could never be made. */
export function checkDelegationAliases(
  what: string,
  policy: DelegationPolicy | undefined,
  has: (alias: string) => boolean,
): void {
  const named = [...(policy?.modelAliases ?? []), ...Object.values(policy?.agentModelAliases ?? {}).flat()]
  const unknown = named.find((alias) => !has(alias))
  if (unknown !== undefined) {
    invalidDefinition(
      `${what}: delegation names the model alias "${unknown}", which \`models\` does not have.`,
    )
  }
}

/**
 * The policy of one workflow: each limit its own or the harness's. A workflow that has a policy decides by itself
 * whether delegation is enabled.
 */
export function delegationOf(
  own: DelegationPolicy | undefined,
  defaults: DelegationPolicy | undefined,
): DelegationPolicy {
  if (own === undefined) return defaults ?? {}
  return { ...defaults, ...own, enabled: own.enabled ?? true }
}
