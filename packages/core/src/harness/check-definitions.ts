import { invalidDefinition } from '../define/check.ts'
import { checkDelegationAliases, type DelegationPolicy } from '../define/delegation.ts'
import type { AgentMap } from '../define/workflow.ts'
import type { Definition } from '../run/definition.ts'
import type { WorkflowMap } from './harness.ts'

/** What a harness was given, for checks that need all of it. */
export interface Declared {
  readonly agents: AgentMap
  readonly workflows: WorkflowMap
  readonly delegation: DelegationPolicy | undefined
  readonly hasModel: (alias: string) => boolean
}

/** Refuses names that lead nowhere: model aliases, and agents and aliases of delegation policies. */
export function checkNames(what: string, declared: Declared): void {
  const { agents, workflows, delegation, hasModel } = declared
  const named = [
    ...Object.values(agents).map((agent) => ({ by: `agent "${agent.name}"`, alias: agent.model })),
    ...Object.values(workflows).flatMap(({ name, aliases }) =>
      aliases.map((alias) => ({ by: `workflow "${name}"`, alias })),
    ),
  ]
  const missing = named.find(({ alias }) => !hasModel(alias))
  if (missing !== undefined) {
    invalidDefinition(
      `${what}: ${missing.by} names the model alias "${missing.alias}", which \`models\` does not have.`,
    )
  }
  for (const { name, delegation: policy } of Object.values(workflows)) {
    checkDelegationAliases(`${what}, workflow "${name}"`, policy, hasModel)
  }
  checkDelegationAliases(`${what}, defaults`, delegation, hasModel)
  checkDefaultAgents(what, delegation, workflows)
}

/** The allow-lists of the defaults hold for every workflow, so each name must be declared by one of them. */
function checkDefaultAgents(
  what: string,
  policy: DelegationPolicy | undefined,
  workflows: WorkflowMap,
): void {
  const known = new Set(Object.values(workflows).flatMap((workflow) => Object.keys(workflow.agents)))
  const named = [...(policy?.agents ?? []), ...Object.keys(policy?.agentModelAliases ?? {})]
  const unknown = named.find((name) => !known.has(name))
  if (unknown !== undefined) {
    invalidDefinition(
      `${what}, defaults: delegation names the agent "${unknown}", which no workflow declares.`,
    )
  }
}

/** Refuses two definitions of one kind and name: runs are resumed by name. */
export function checkUnique(what: string, definitions: readonly Definition[]): void {
  const seen = new Set<string>()
  for (const { kind, name } of definitions) {
    const id = `${kind} ${name}`
    if (seen.has(id))
      invalidDefinition(`${what}: two definitions are called ${kind} "${name}". Runs are resumed by name.`)
    seen.add(id)
  }
}
