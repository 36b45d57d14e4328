import type { Agent } from '../define/agent.ts'
import type { ResolvedDefaults } from '../define/defaults.ts'
import type { Permission } from '../define/permission.ts'
import type { Tool } from '../define/tool.ts'
import type { Json, ToolCallPart } from '../ports/index.ts'
import type { EngineContext, GateSpec } from '../run/definition.ts'
import { gateOf } from '../tools/permission.ts'

/** The permission of a tool in an agent: what the agent says goes before what the tool says. */
export function permissionOf(agent: Agent, tool: Tool): Permission {
  const { permissions } = agent
  return Object.hasOwn(permissions, tool.name) ? (permissions[tool.name] ?? tool.permission) : tool.permission
}

/** Whether a call of this name may wait for an approval. */
export function asksFor(agent: Agent, name: string): boolean {
  const tool = agent.tools.find((candidate) => candidate.name === name)
  return tool !== undefined && permissionOf(agent, tool) === 'ask'
}

/** What a call of an agent has to pass before it is executed. */
export function agentGate(
  turn: { readonly context: EngineContext; readonly agent: Agent; readonly defaults: ResolvedDefaults },
  call: { readonly part: ToolCallPart; readonly tool: Tool; readonly arguments: Json },
): GateSpec | undefined {
  const { context, agent, defaults } = turn
  return gateOf({
    context,
    tool: call.tool,
    permission: permissionOf(agent, call.tool),
    arguments: call.arguments,
    callId: call.part.callId,
    agent: agent.name,
    approvalTimeoutMs: agent.approvalTimeoutMs ?? defaults.approvalTimeoutMs,
    onPermission: agent.onPermission ?? defaults.onPermission,
  })
}
