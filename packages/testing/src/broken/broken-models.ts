import { isCodedError, modelErrorCodes } from '@belay/core/ports'
import type { Model, ModelPart, ModelRequest } from '@belay/core/ports'
import { brokenCallers } from './broken-callers.ts'
import type { BrokenModel, GenerateWrap } from './broken-model.ts'

const finish: ModelPart = { type: 'finish', reason: 'stop', usage: {} }

/** Changes the parts of a good stream. */
function mapping(map: (part: ModelPart) => readonly ModelPart[]): GenerateWrap {
  return async function* (model, request, signal) {
    for await (const part of model.generate(request, { signal })) yield* map(part)
  }
}

/** Turns a failure into an answer. */
function swallowing(code: string): GenerateWrap {
  return async function* (model, request, signal) {
    try {
      yield* model.generate(request, { signal })
    } catch (error) {
      if (!isCodedError(error, code)) throw error
      yield finish
    }
  }
}

async function collected(
  model: Model,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<readonly ModelPart[]> {
  const parts: ModelPart[] = []
  for await (const part of model.generate(request, { signal })) parts.push(part)
  return parts
}

/** Models that break one promise each. */
export const brokenModels: readonly BrokenModel[] = [
  {
    name: 'bounds its input below what it counts',
    rejectedBy: ['bounds: what it declares of tokens is not less than what it counts, and asks nobody'],
    generate: mapping((part) => [part]),
    facts: { maxInputTokens: () => 1 },
  },
  {
    name: 'bounds its output below what it counts',
    rejectedBy: ['bounds: what it declares of tokens is not less than what it counts, and asks nobody'],
    generate: mapping((part) => [part]),
    facts: { maxOutputTokens: 1 },
  },
  {
    name: 'finishes an answer that ended early',
    rejectedBy: ['broken: an end without a finish is model/incomplete, never a finish'],
    generate: swallowing(modelErrorCodes.incomplete),
  },
  {
    name: 'swallows a malformed chunk',
    rejectedBy: ['broken: a malformed chunk is model/malformed although a finish follows'],
    generate: swallowing(modelErrorCodes.malformed),
  },
  {
    name: 'sends parts after the finish',
    rejectedBy: ['text: deltas come in order and join to what the provider sent'],
    generate: mapping((part) => (part.type === 'finish' ? [part, { type: 'text-delta', text: '' }] : [part])),
  },
  {
    name: 'finishes twice',
    rejectedBy: ['text: deltas come in order and join to what the provider sent'],
    generate: mapping((part) => (part.type === 'finish' ? [part, part] : [part])),
  },
  {
    name: 'ends without a finish',
    rejectedBy: ['text: deltas come in order and join to what the provider sent'],
    generate: mapping((part) => (part.type === 'finish' ? [] : [part])),
  },
  {
    name: 'says stop whatever the reason',
    rejectedBy: [
      'finish: says length when the answer was cut',
      'finish: says content_filter when the provider stopped the answer',
    ],
    generate: mapping((part) => [part.type === 'finish' ? { ...part, reason: 'stop' } : part]),
  },
  {
    name: 'counts zero where the provider counted nothing',
    rejectedBy: ['usage: counts that the provider does not give are absent, never estimated'],
    generate: mapping((part) => [
      part.type === 'finish' ? { ...part, usage: { inputTokens: 0, outputTokens: 0, ...part.usage } } : part,
    ]),
  },
  {
    name: 'writes arguments anew',
    rejectedBy: ['tools: a call comes whole, before the finish, with its arguments as the model wrote them'],
    generate: mapping((part) => [
      part.type === 'tool-call' ? { ...part, arguments: JSON.stringify(JSON.parse(part.arguments)) } : part,
    ]),
  },
  {
    name: 'drops a call whose id it has seen',
    rejectedBy: ['tools: two calls with one id are passed on as they came'],
    generate: (model, request, signal) => {
      const seen = new Set<string>()
      return mapping((part) => {
        if (part.type !== 'tool-call') return [part]
        const isTwin = seen.has(part.callId)
        seen.add(part.callId)
        return isTwin ? [] : [part]
      })(model, request, signal)
    },
  },
  {
    name: 'sends calls after the finish',
    rejectedBy: ['tools: a call comes whole, before the finish, with its arguments as the model wrote them'],
    generate: async function* (model, request, signal) {
      const parts = await collected(model, request, signal)
      yield* parts.filter((part) => part.type === 'finish')
      yield* parts.filter((part) => part.type === 'tool-call')
    },
  },
  {
    name: 'waits for the whole answer',
    rejectedBy: ['text: parts come as the provider sends them, not at the end'],
    generate: async function* (model, request, signal) {
      yield* await collected(model, request, signal)
    },
  },
  {
    name: 'makes its request before anyone reads',
    rejectedBy: ['request: begins when the first part is asked for, once'],
    generate: (model, request, signal) => {
      const eager = collected(model, request, signal)
      eager.catch(() => {})
      return (async function* () {
        yield* await eager
      })()
    },
  },
  ...brokenCallers,
]
