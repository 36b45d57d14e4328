import type { Agent } from '../define/agent.ts'
import { promptParts } from '../define/prompt.ts'
import type { Tool } from '../define/tool.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { JsonObject, Message, ModelCapability, ModelRequest, ToolSpec } from '../ports/index.ts'
import { toJsonSchema } from '../schema/to-json-schema.ts'
import type { ResolvedModel } from '../models/registry.ts'

/** What never changes between the calls of one agent. */
export interface AgentPrompt {
  readonly tools: readonly ToolSpec[]
  /** JSON Schema of a structured answer. */
  readonly output: JsonObject | undefined
}

/** Compiles the schemas of an agent once, so that a schema that a model cannot see is refused when the harness is made. */
export function compilePrompt(agent: Agent): AgentPrompt {
  const what = `Agent "${agent.name}"`
  return {
    tools: agent.tools.map((tool) => toolSpec(what, tool)),
    output: agent.answersText ? undefined : toJsonSchema(agent.output, 'input', `${what}: its output`),
  }
}

/** A tool as models see it. */
export function toolSpec(what: string, { name, description, input }: Tool): ToolSpec {
  const parameters = toJsonSchema(input, 'input', `${what}, tool "${name}": its input`)
  return { name, description, parameters }
}

/** What an agent needs of a model, whatever its input holds. */
export function neededBy({ tools, sources }: Agent): readonly ModelCapability[] {
  return tools.length + sources.length > 0 ? ['text', 'tools'] : ['text']
}

/** The request of one turn. */
export function buildRequest(init: {
  readonly agent: Agent
  readonly prompt: AgentPrompt
  readonly resolved: ResolvedModel
  readonly instructions: string
  readonly history: readonly Message[]
  readonly conversation: readonly Message[]
}): ModelRequest {
  const { agent, prompt, resolved } = init
  const native = prompt.output !== undefined && resolved.model.capabilities.includes('object')
  const system =
    native || prompt.output === undefined ? init.instructions : withSchema(init.instructions, prompt.output)
  return {
    messages: [{ role: 'system', content: system }, ...init.history, ...init.conversation],
    settings: agent.settings,
    ...(prompt.tools.length > 0 && { tools: prompt.tools }),
    ...(native &&
      prompt.output !== undefined && { output: { schema: prompt.output, name: answerName(agent.name) } }),
  }
}

/** A model without structured output is told the schema in words. */
function withSchema(instructions: string, schema: JsonObject): string {
  return `${instructions}\n\nGive your final answer as one JSON value of this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`
}

function answerName(agent: string): string {
  return agent.replace(/[^A-Za-z0-9_-]/g, '_')
}

/** A user message of plain text. */
export function userMessage(text: string): Message {
  return { role: 'user', content: [{ type: 'text', text }] }
}

/** The user message that an agent writes for an input. */
export function promptMessage(agent: Agent, input: unknown): Message {
  const refuse = (why: string): never => {
    throw new HarnessError({
      code: 'validation/input',
      message: `Agent "${agent.name}": the prompt that it wrote is not valid: ${why}.`,
      meta: { agent: agent.name },
    })
  }
  return { role: 'user', content: promptParts(agent.promptFor(input), refuse) }
}
