import { checkOptions, invalidOption } from '../define/check.ts'
import type { ResolvedDefaults } from '../define/defaults.ts'
import type { GenerateInit, GenerateResult, WorkflowModel } from '../define/workflow-context.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { TurnRecord } from '../history/conversation.ts'
import { requireCapability, type ModelRegistry } from '../models/registry.ts'
import { checkModelRetry } from '../models/retry.ts'
import { modelStep } from '../models/step.ts'
import type { Message, ModelCapability, ModelRequest, Platform } from '../ports/index.ts'
import { handled } from '../run/attempt.ts'
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
    // A failure that nobody awaits must not end the process.
    generate: (init) =>
      handled(
        generate(context, deps, { alias, declared, init: init as GenerateInit<StandardSchema> }),
      ) as never,
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
  const what = `ctx.models.${alias}`
  checkOptions(what, { ...init }, { key: 'name', timeoutMs: 'timeoutMs' })
  checkModelRetry(init.retry, (field, why) => invalidOption(what, field, why))
  const resolved = deps.models.get(alias)
  requireCapability(resolved, init.output === undefined ? declared : [...declared, 'object'], what)
  const request = toRequest(init, alias)
  const turn = await context.step(
    modelStep({
      context,
      platform: deps.platform,
      resolved,
      name: `model.${alias}`.slice(0, 64),
      prompt: [],
      request: () => request,
      timeoutMs: init.timeoutMs,
      defaultTimeoutMs: deps.defaults.modelTimeoutMs,
      ...(init.retry !== undefined && { retry: init.retry }),
      input: { prompt: init.prompt, system: init.system ?? null },
      ...(init.key !== undefined && { key: init.key }),
    }),
  )
  const { finishReason, usage } = turn
  if (init.output === undefined) return { output: textOf(turn), finishReason, usage }
  return {
    output: await context.io(() => readOutput(turn, init.output as StandardSchema, alias)),
    finishReason,
    usage,
  }
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

function textOf(turn: TurnRecord): string {
  return turn.answer.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

async function readOutput(turn: TurnRecord, output: StandardSchema, alias: string): Promise<unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(textOf(turn))
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
