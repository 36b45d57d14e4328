import { HarnessError } from '../errors/harness-error.ts'
import { malformedAnswer, type EmbedRequest, type EmbedResult, type Usage } from '../ports/index.ts'
import type { StepSpec } from '../run/definition.ts'
import { callStep, type CallAttempt, type CallInit } from './call-step.ts'
import { estimateEmbed } from './estimate.ts'
import type { ResolvedModel } from './registry.ts'

/** One call that embeds values, in as many requests as the model's limit asks for. */
export interface EmbedStepInit extends CallInit {
  readonly request: EmbedRequest
}

/** What requests of this call have given so far, in this process. */
interface Progress {
  alias: string | undefined
  readonly embeddings: (readonly number[])[]
  readonly usages: Usage[]
}

/** A step that embeds. Recorded once, as one result, however many requests it took. */
export function embedStep(init: EmbedStepInit): StepSpec<EmbedResult> {
  const progress: Progress = { alias: undefined, embeddings: [], usages: [] }
  return callStep(init, {
    operation: 'embeddings',
    call: (attempt) => embedAll(init.request, attempt, progress),
    estimate: (resolved) => estimateEmbed(resolved, init.request),
  })
}

/** Goes on where an earlier attempt failed, unless another alias answers now: its vectors are of another space. */
async function embedAll(
  request: EmbedRequest,
  { resolved, run }: CallAttempt,
  progress: Progress,
): Promise<EmbedResult> {
  if (progress.alias !== resolved.alias) {
    progress.alias = resolved.alias
    progress.embeddings.length = 0
    progress.usages.length = 0
  }
  const size = Math.max(1, resolved.model.maxEmbedValues ?? Infinity)
  while (progress.embeddings.length < request.values.length) {
    const start = progress.embeddings.length
    const values = request.values.slice(start, start + size)
    const result = await embedOnce(resolved, { ...request, values }, run.signal)
    progress.embeddings.push(...result.embeddings)
    progress.usages.push(result.usage)
  }
  const { embeddings } = progress
  if (embeddings.some((vector) => vector.length !== embeddings[0]?.length))
    throw malformedAnswer('its vectors differ in length')
  return { embeddings: [...embeddings], usage: sumOf(progress.usages) }
}

async function embedOnce(
  { alias, model }: ResolvedModel,
  request: EmbedRequest,
  signal: AbortSignal,
): Promise<EmbedResult> {
  signal.throwIfAborted()
  if (model.embed === undefined) throw withoutMethod(alias, 'embeddings')
  const result = await model.embed(request, { signal })
  const { embeddings, usage } = result ?? {}
  if (!Array.isArray(embeddings) || embeddings.length !== request.values.length)
    throw malformedAnswer('it has not one vector for each value')
  if (!embeddings.every(isVector)) throw malformedAnswer('a vector is not a list of numbers')
  // The journal cannot hold -0, which some models give.
  return { embeddings: embeddings.map((vector) => vector.map((value) => value + 0)), usage: usage ?? {} }
}

function isVector(vector: unknown): vector is readonly number[] {
  return Array.isArray(vector) && vector.length > 0 && vector.every((value) => Number.isFinite(value))
}

/** What was counted; a request without a count adds nothing. */
function sumOf(usages: readonly Usage[]): Usage {
  const counts = usages.flatMap(({ inputTokens }) => (inputTokens === undefined ? [] : [inputTokens]))
  return counts.length === 0 ? {} : { inputTokens: counts.reduce((sum, count) => sum + count, 0) }
}

/** A capability without its method is a fault of the adapter. */
export function withoutMethod(alias: string, capability: string): HarnessError {
  return new HarnessError({
    code: 'model/capability',
    message: `The model of the alias "${alias}" says that it has "${capability}" and has no method for it.`,
    meta: { alias, capability },
  })
}
