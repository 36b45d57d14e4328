import type { ModelSettings, Skill, ToolSource } from '../ports/index.ts'
import type { AnySchema, InputOf, OutputOf, StandardSchema } from '../schema/standard-schema.ts'
import { textSchema } from '../schema/text-schema.ts'
import { checkBudgetField, type Budget } from './budget.ts'
import { checkFields, checkFunction, checkSchema, requireFields } from './check.ts'
import { checkGuardrails, type Guardrail } from './guardrail.ts'
import { checkSkills } from './skills.ts'
import type { Prompt } from './prompt.ts'
import { checkOnPermission, checkPermissions, type OnPermission, type Permission } from './permission.ts'
import { checkTools, sourcesOf, toolsOf, type ToolOrSource } from './tool-sources.ts'
import type { Tool } from './tool.ts'

type Text = StandardSchema<string>

/** What `defineAgent` takes. */
export interface AgentInit<Alias extends string, Input extends AnySchema, Output extends AnySchema> {
  /** 1 to 64 of A-Z a-z 0-9 _ . : - */
  readonly name: string
  /** A run can only be resumed by the version that started it. Default `1`. */
  readonly version?: string
  /** Alias of the model; `defineHarness` demands it. */
  readonly model: Alias
  /** The system message, or a function of the input. */
  readonly instructions: string | ((input: OutputOf<Input>) => string)
  /** Default: text. */
  readonly input?: Input
  /** Default: text. Any other schema makes the answer structured. */
  readonly output?: Output
  /** Writes the user message: text, or parts with files. Default: text as it is, other inputs as JSON. */
  readonly prompt?: (input: OutputOf<Input>) => Prompt
  /** Tools, and sources of tools that are listed when a run begins. */
  readonly tools?: readonly ToolOrSource[]
  /** The prompt lists them, and the tool `read_skill` reads them. */
  readonly skills?: readonly Skill[]
  /** Asked in this order, after those of the harness. */
  readonly guardrails?: readonly Guardrail[]
  /** Model turns. Default 16. */
  readonly maxSteps?: number
  /** Tool calls in all. Default: no limit. */
  readonly maxToolCalls?: number
  /** Tool calls of one turn that run at once. Default 8. */
  readonly toolConcurrency?: number
  /** How many messages of the session the model sees; absent: all, 0: none but system messages. */
  readonly historyWindow?: number
  readonly settings?: ModelSettings
  /** Milliseconds for a run of this agent; 0 is no limit. */
  readonly timeoutMs?: number
  /** Milliseconds for one model call; 0 is no limit. */
  readonly modelTimeoutMs?: number
  /** What a run of this agent may spend. As a child it spends the budget of its run. */
  readonly budget?: Budget
  /** By the name of the tool; goes before what the tool says. */
  readonly permissions?: Readonly<Record<string, Permission>>
  /** Milliseconds in which an approval can be given; 0 is no limit. Default: the harness's. */
  readonly approvalTimeoutMs?: number
  /** Answers in this process where the permission is `ask`. Default: the harness's. */
  readonly onPermission?: OnPermission
}

/** An agent: a model loop with instructions, tools, schemas and limits. Frozen. */
export interface Agent<Input = unknown, Output = unknown, Alias extends string = string> {
  readonly kind: 'agent'
  readonly name: string
  readonly version: string
  readonly model: Alias
  readonly input: StandardSchema<Input>
  readonly output: StandardSchema<unknown, Output>
  /** Whether the answer is plain text. */
  readonly answersText: boolean
  instructionsFor(input: unknown): string
  promptFor(input: unknown): Prompt
  readonly tools: readonly Tool[]
  readonly sources: readonly ToolSource[]
  readonly skills: readonly Skill[]
  readonly guardrails: readonly Guardrail[]
  readonly maxSteps: number | undefined
  readonly maxToolCalls: number | undefined
  readonly toolConcurrency: number
  readonly historyWindow: number | undefined
  readonly settings: ModelSettings
  readonly timeoutMs: number | undefined
  readonly modelTimeoutMs: number | undefined
  readonly budget: Budget | undefined
  readonly permissions: Readonly<Record<string, Permission>>
  readonly approvalTimeoutMs: number | undefined
  readonly onPermission: OnPermission | undefined
}

/** Declares an agent. Throws `config/definition` when a field is not valid. */
export function defineAgent<
  const Alias extends string,
  Input extends AnySchema = Text,
  Output extends AnySchema = Text,
>(init: AgentInit<Alias, Input, Output>): Agent<InputOf<Input>, OutputOf<Output>, Alias> {
  const what = `Agent "${String(init.name)}"`
  requireFields(what, { ...init }, ['name', 'model', 'instructions'])
  checkFields(
    what,
    { ...init },
    {
      name: 'name',
      version: 'version',
      model: 'name',
      maxSteps: 'count',
      maxToolCalls: 'limit',
      toolConcurrency: 'count',
      historyWindow: 'historyWindow',
      timeoutMs: 'timeoutMs',
      modelTimeoutMs: 'timeoutMs',
      approvalTimeoutMs: 'timeoutMs',
    },
  )
  checkSchema(what, 'input', init.input)
  checkSchema(what, 'output', init.output)
  const listed = init.tools ?? []
  checkTools(what, listed)
  checkBudgetField(what, init.budget)
  const [tools, sources] = [toolsOf(listed), sourcesOf(listed)]
  checkPermissions(what, init.permissions, { tools, sources })
  checkOnPermission(what, init.onPermission)
  const { instructions, prompt } = init
  if (typeof instructions !== 'string')
    checkFunction(what, 'instructions, if it is not a text,', instructions)
  if (prompt !== undefined) checkFunction(what, 'prompt', prompt)
  return Object.freeze({
    kind: 'agent' as const,
    name: init.name,
    version: init.version ?? '1',
    model: init.model,
    input: (init.input ?? textSchema) as StandardSchema<InputOf<Input>>,
    output: (init.output ?? textSchema) as StandardSchema<unknown, OutputOf<Output>>,
    answersText: init.output === undefined || answersText(init.output as StandardSchema),
    instructionsFor: (input: unknown) =>
      typeof instructions === 'function' ? instructions(input as OutputOf<Input>) : instructions,
    promptFor: (input: unknown) => {
      if (prompt !== undefined) return prompt(input as OutputOf<Input>)
      return typeof input === 'string' ? input : JSON.stringify(input)
    },
    tools,
    sources,
    skills: checkSkills(what, init.skills ?? [], tools),
    guardrails: checkGuardrails(what, init.guardrails ?? []),
    maxSteps: init.maxSteps,
    maxToolCalls: init.maxToolCalls,
    toolConcurrency: init.toolConcurrency ?? 8,
    historyWindow: init.historyWindow,
    settings: Object.freeze({ ...init.settings }),
    timeoutMs: init.timeoutMs,
    modelTimeoutMs: init.modelTimeoutMs,
    budget: init.budget && Object.freeze({ ...init.budget }),
    permissions: Object.freeze({ ...init.permissions }),
    approvalTimeoutMs: init.approvalTimeoutMs,
    onPermission: init.onPermission,
  })
}

/** A string schema streams text, whatever library it is of; a choice of words is structured output like any other. */
function answersText(schema: StandardSchema): boolean {
  const converter = schema['~standard'].jsonSchema as
    { output?: (options: { target: string }) => Readonly<Record<string, unknown>> } | undefined
  try {
    const json = converter?.output?.({ target: 'draft-2020-12' })
    return json?.['type'] === 'string' && json['enum'] === undefined && json['const'] === undefined
  } catch {
    return false
  }
}
