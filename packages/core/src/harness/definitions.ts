import { agentProgram, type AgentDeps } from '../agent/program.ts'
import { compilePrompt } from '../agent/prompt.ts'
import type { Agent } from '../define/agent.ts'
import type { Workflow } from '../define/workflow.ts'
import type { Definition, Program } from '../run/definition.ts'
import { validateOrThrow } from '../schema/validate.ts'
import { equipWithSkills } from '../skills/equip.ts'
import { workflowProgram, type WorkflowDeps } from '../workflow/program.ts'

/** An agent as something that can be run. Its loop has checked the answer, so its output is taken as it is. */
export function agentDefinition(agent: Agent, deps: AgentDeps): Definition {
  const { kind, name, version, input } = agent
  return {
    kind,
    name,
    version,
    input,
    program: compileAgent(agent, deps),
  }
}

/** A workflow as something that can be run. */
export function workflowDefinition(workflow: Workflow, deps: WorkflowDeps): Definition {
  const { kind, name, version, input, output } = workflow
  return { kind, name, version, input, output, program: workflowProgram(workflow, deps) }
}

/** An agent as the child of a workflow: the engine hands it the raw input. */
export function childProgram(agent: Agent, deps: AgentDeps): Program {
  const program = compileAgent(agent, deps)
  const failure = { code: 'validation/input', what: `The input of agent "${agent.name}"` } as const
  return async (context, input) =>
    program(context, await context.io(() => validateOrThrow(agent.input, input, failure)))
}

function compileAgent(agent: Agent, deps: AgentDeps): Program {
  const equipped = equipWithSkills(agent)
  return agentProgram(equipped, compilePrompt(equipped), deps)
}
