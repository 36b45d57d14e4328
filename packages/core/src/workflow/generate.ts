import { invalidOption } from '../define/check.ts'
import type { GenerateInit, GenerateResult } from '../define/model-calls.ts'
import { promptParts } from '../define/prompt.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { TurnRecord } from '../history/conversation.ts'
import { neededByFiles } from '../models/capability.ts'
import { modelStep } from '../models/step.ts'
import type { Message, ModelRequest } from '../ports/index.ts'
import type { StandardSchema } from '../schema/standard-schema.ts'
import { toJsonSchema } from '../schema/to-json-schema.ts'
import { validateOrThrow } from '../schema/validate.ts'
import { callInit, type DeclaredModel } from './declared-model.ts'

/** Asks a model once, in one step. */
export async function generate(
  model: DeclaredModel,
  init: GenerateInit<StandardSchema>,
): Promise<GenerateResult<unknown>> {
  const { alias, context } = model
  const request = toRequest(init, alias)
  const structured = init.output !== undefined
  const needed = [...neededByFiles(request.messages), ...(structured ? (['object'] as const) : [])]
  const call = callInit(model, 'model', init, needed)
  const { prompt, system = null, messages } = init
  const turn = await context.step(
    modelStep({
      ...call,
      prompt: [],
      request: () => request,
      structured,
      input: messages === undefined ? { prompt, system } : { prompt, system, messages },
    }),
  )
  const { finishReason, rawReason, usage } = turn
  const facts = { finishReason, ...(rawReason !== undefined && { rawReason }), usage }
  if (init.output === undefined) return { output: textOf(turn), ...facts }
  const { output } = init
  return { output: await context.io(() => readOutput(turn, output, alias)), ...facts }
}

function toRequest(init: GenerateInit<StandardSchema>, alias: string): ModelRequest {
  const content = promptParts(init.prompt, (why) => invalidOption(`ctx.models.${alias}`, 'prompt', why))
  const system: Message[] = init.system === undefined ? [] : [{ role: 'system', content: init.system }]
  return {
    messages: [...system, ...(init.messages ?? []), { role: 'user', content }],
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
