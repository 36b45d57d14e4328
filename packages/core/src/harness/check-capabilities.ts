import { neededBy } from '../agent/prompt.ts'
import { invalidDefinition } from '../define/check.ts'
import type { AgentMap } from '../define/workflow.ts'
import { capabilityMessage, missingCapability } from '../models/capability.ts'
import type { ModelRegistry } from '../models/registry.ts'
import type { ModelCapability } from '../ports/index.ts'
import type { WorkflowMap } from './harness.ts'

/**
 * Refuses models that lack what agents and workflows need of them as far as it is known without an input: tools of
 * an agent, and what a workflow declares. Fallbacks may have to answer, so they need it too.
 */
export function checkCapabilities(
  what: string,
  declared: { readonly agents: AgentMap; readonly workflows: WorkflowMap; readonly models: ModelRegistry },
): void {
  const { agents, workflows, models } = declared
  const check = (who: string, alias: string, needed: readonly ModelCapability[]): void => {
    const missing = missingCapability(models.get(alias), needed)
    if (missing !== undefined) invalidDefinition(`${what}: ${capabilityMessage(who, missing)}`)
  }
  const children = Object.values(workflows).flatMap((workflow) => Object.values(workflow.agents))
  for (const agent of [...Object.values(agents), ...children])
    check(`agent "${agent.name}"`, agent.model, neededBy(agent))
  for (const { name, models: needs } of Object.values(workflows)) {
    for (const [alias, needed] of Object.entries(needs)) check(`workflow "${name}"`, alias, needed)
  }
}
