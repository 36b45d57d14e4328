import type { ResolvedDefaults } from '../define/defaults.ts'
import type { GenerateInit, GenerateResult, WorkflowModel } from '../define/workflow-context.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { TurnRecord } from '../history/conversation.ts'
import { requireCapability, type ModelRegistry } from '../models/registry.ts'
import { modelStep } from '../models/step.ts'
import type { Message, ModelCapability, ModelRequest, Platform } from '../ports/index.ts'
import type { EngineContext } from '../run/definition.ts'
import type { StandardSchema } from '../schema/standard-schema.ts'
import { toJsonSchema } from '../schema/to-json-schema.ts'
import { validateOrThrow } from '../schema/validate.ts'

/** What calling a model from a workflow needs. */
interface WorkflowModelDeps {
  readonly models: ModelRegistry
  readonly platform: Platform
  readonly defaults: ResolvedDefaults
}

/** A model alias that a workflow declared. Each call is a step of its own. */
export function workflowModel(
  context: EngineContext,
  deps: WorkflowModelDeps,
  alias: string,
  declared: readonly ModelCapability[],
): WorkflowModel {
  return {
    generate: (init) =>
      generate(context, deps, { alias, declared, init: init as GenerateInit<StandardSchema> }) as never,
  }
}

interface GenerateCall {
  readonly alias: string
  readonly declared: readonly ModelCapability[]
  readonly init: GenerateInit<StandardSchema>
}

async function generate(
  context: EngineContext,
  deps: WorkflowModelDeps,
  { alias, declared, init }: GenerateCall,
): Promise<GenerateResult<unknown>> {
  const resolved = deps.models.get(alias)
  requireCapability(
    resolved,
    [...declared, ...(init.output === undefined ? [] : (['object'] as const))],
    `ctx.models.${alias}`,
  )
  const request = toRequest(init, alias)
  const turn = await context.step(
    modelStep({
      context,
      platform: deps.platform,
      resolved,
      name: `model.${alias}`.slice(0, 64),
      prompt: [],
      request: () => request,
      timeoutMs: init.timeoutMs ?? deps.defaults.modelTimeoutMs,
      input: { prompt: init.prompt, system: init.system ?? null },
      ...(init.key !== undefined && { key: init.key }),
    }),
  )
  const { finishReason, usage } = turn
  return { output: await readOutput(turn, init.output, alias), finishReason, usage }
}

function toRequest(init: GenerateInit<StandardSchema>, alias: string): ModelRequest {
  const system: Message[] = init.system === undefined ? [] : [{ role: 'system', content: init.system }]
  const user: Message = { role: 'user', content: [{ type: 'text', text: init.prompt }] }
  return {
    messages: [...system, user],
    ...(init.settings !== undefined && { settings: init.settings }),
    ...(init.output !== undefined && {
      output: { schema: toJsonSchema(init.output, 'input', `The output of ctx.models.${alias}`) },
    }),
  }
}

async function readOutput(
  turn: TurnRecord,
  output: StandardSchema | undefined,
  alias: string,
): Promise<unknown> {
  const text = turn.answer.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  if (output === undefined) return text
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new HarnessError({
      code: 'validation/agent_output',
      message: `The model "${alias}" was asked for JSON and answered something else.`,
      meta: { finishReason: turn.finishReason },
      cause,
    })
  }
  return validateOrThrow(output, parsed, {
    code: 'validation/agent_output',
    what: `The answer of the model "${alias}"`,
  })
}
