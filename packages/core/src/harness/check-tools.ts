import { invalidDefinition } from '../define/check.ts'
import type { ToolFacts } from '../define/tool.ts'
import type { AgentMap } from '../define/workflow.ts'
import type { AdapterUse } from './adapters.ts'
import type { WorkflowMap } from './harness.ts'

/** Refuses tools that need what no adapter of the harness has, such as commands. */
export function checkTools(
  what: string,
  { agents, workflows }: { readonly agents: AgentMap; readonly workflows: WorkflowMap },
  uses: readonly AdapterUse[],
): void {
  const available = new Set(uses.flatMap((use) => use.info.capabilities))
  const check = (who: string, tool: ToolFacts): void => {
    const missing = tool.requires?.find((capability) => !available.has(capability))
    if (missing === undefined) return
    invalidDefinition(
      `${what}: the tool "${tool.name}" of ${who} needs "${missing}", which no adapter has. Give the harness one that does, or leave the tool out.`,
    )
  }
  const children = Object.values(workflows).flatMap((workflow) => Object.values(workflow.agents))
  for (const agent of [...Object.values(agents), ...children])
    for (const tool of agent.tools) if (tool.kind === 'tool') check(`agent "${agent.name}"`, tool)
  for (const { name, tools } of Object.values(workflows))
    for (const tool of Object.values(tools)) check(`workflow "${name}"`, tool)
}
