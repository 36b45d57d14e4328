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
    { maxChildAgentCalls: 'limit', maxParallelChildAgentCalls: 'count', maxDepth: 'limit' },
  )
  if (agents === undefined) return
  const named = [...(policy.agents ?? []), ...Object.keys(policy.agentModelAliases ?? {})]
  const unknown = named.find((name) => !agents.includes(name))
  if (unknown !== undefined)
    invalidDefinition(`${what}: delegation names the agent "${unknown}", which it does not declare.`)
}
