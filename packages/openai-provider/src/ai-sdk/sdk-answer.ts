import {
  malformedAnswer,
  normalizeUsage,
  type FinishReason,
  type JsonObject,
  type ModelPart,
  type Usage,
} from '@belay/core/ports'
import { finishReason } from '../answer/finish-reason.ts'
import { incompleteError } from '../errors/answer-error.ts'
import { record } from '../errors/error-facts.ts'
import type { ErrorContext } from '../errors/provider-error.ts'
import { sdkError } from './sdk-error.ts'

type FinishPart = Extract<ModelPart, { type: 'finish' }>
type Fields = Readonly<Record<string, unknown>>

/** Looks at the provider's own chunks where the SDK's parts say too little. */
export interface RawWatch {
  /** Sees each chunk before its parts. Throws the port's errors. */
  see(chunk: unknown): void
  /** The end as the provider put it, once it has been seen; goes before what the SDK says. */
  ending(): RawEnding | undefined
}

/** How an answer ended in the provider's words. */
export interface RawEnding {
  readonly refused: boolean
  readonly rawReason: string
  readonly usage: Usage
}

/** Folds the parts of a specification stream into the port's parts. */
export interface SdkAnswer {
  /** The port's parts for one part of the SDK; the last one is `finish`. Throws the port's errors. */
  take(part: unknown): readonly ModelPart[]
}

/** Starts with an empty answer. */
export function sdkAnswer(context: ErrorContext, watch?: RawWatch): SdkAnswer {
  let toolCalls = 0
  let response: { readonly id?: string; readonly model?: string } | undefined

  return {
    take(value) {
      const part = record(value)
      switch (part?.['type']) {
        case 'raw':
          watch?.see(part['rawValue'])
          return []
        case 'text-delta':
          return textOf(part) === '' ? [] : [{ type: 'text-delta', text: textOf(part) }]
        case 'reasoning-delta':
        case 'reasoning-end':
          return reasoning(part)
        case 'tool-call':
          // A tool that the provider ran itself is no call for the application.
          if (part['providerExecuted'] === true) return []
          toolCalls += 1
          return [toolCall(part)]
        case 'response-metadata':
          response = responseOf(part)
          return []
        case 'error':
          // After the provider's end only the SDK's reading of that end can fail, and it is not used.
          if (watch?.ending()) return []
          throw sdkError(part['error'], context)
        case 'finish':
          return [{ ...finish(part, toolCalls, watch?.ending()), ...(response && { response }) }]
        case undefined:
          throw malformedAnswer('a part has no type')
        default:
          return []
      }
    },
  }
}

function textOf(part: Fields): string {
  const text = part['delta']
  if (typeof text !== 'string') throw malformedAnswer('a delta is not text')
  return text
}

/** The end of a block carries what the provider wants to see again, such as a signature or encrypted content. */
function reasoning(part: Fields): readonly ModelPart[] {
  const text = part['type'] === 'reasoning-end' ? '' : textOf(part)
  const provider = json(part['providerMetadata'])
  if (text === '' && !provider) return []
  return [{ type: 'reasoning-delta', text, ...(provider && { provider }) }]
}

function toolCall(part: Fields): ModelPart {
  const { toolCallId: callId, toolName: name, input } = part
  if (typeof callId !== 'string' || typeof name !== 'string')
    throw malformedAnswer('a tool call has no id or name')
  const provider = json(part['providerMetadata'])
  return {
    type: 'tool-call',
    callId,
    name,
    arguments: typeof input === 'string' ? input : JSON.stringify(input ?? {}),
    ...(provider && { provider }),
  }
}

function responseOf(part: Fields): { readonly id?: string; readonly model?: string } {
  const { id, modelId: model } = part
  return { ...(typeof id === 'string' && { id }), ...(typeof model === 'string' && { model }) }
}

/** The provider's own end when somebody watched for it, else the SDK's account of it. */
function finish(part: Fields, toolCalls: number, ending: RawEnding | undefined): FinishPart {
  if (ending) {
    const { rawReason, refused, usage } = ending
    return { type: 'finish', reason: finishReason(rawReason, { refused, toolCalls }), rawReason, usage }
  }
  // Versions 3 and 4 give `{ unified, raw }`, version 2 one word.
  const given = record(part['finishReason'])
  const unified = given ? given['unified'] : part['finishReason']
  const raw = typeof given?.['raw'] === 'string' ? given['raw'] : undefined
  if (typeof unified !== 'string') throw malformedAnswer('a finish has no reason')
  if (unified === 'interrupted' || ((unified === 'other' || unified === 'unknown') && raw === undefined)) {
    throw incompleteError('the stream ended without a finish')
  }
  return {
    type: 'finish',
    reason: reasonOf(unified, raw, toolCalls),
    ...(raw !== undefined && { rawReason: raw }),
    usage: usageOfSdk(part['usage']),
  }
}

/** The SDK's word, made finer by the provider's: a refusal is `content-filter` there, and a pause is `other`. */
function reasonOf(unified: string, raw: string | undefined, toolCalls: number): FinishReason {
  const shape = { refused: false, toolCalls }
  const coarse = finishReason(unified, shape)
  const fine = raw === undefined ? coarse : finishReason(raw, shape)
  if (coarse === 'content_filter') return fine === 'refusal' || fine === 'stop' ? 'refusal' : coarse
  return coarse === 'error' || fine === 'pause' || fine === 'context_limit' ? fine : coarse
}

function usageOfSdk(value: unknown): Usage {
  const usage = record(value)
  const input = record(usage?.['inputTokens'])
  const output = record(usage?.['outputTokens'])
  return normalizeUsage({
    inputTokens: input ? input['total'] : usage?.['inputTokens'],
    cachedInputTokens: input ? input['cacheRead'] : usage?.['cachedInputTokens'],
    outputTokens: output ? output['total'] : usage?.['outputTokens'],
    reasoningTokens: output ? output['reasoning'] : usage?.['reasoningTokens'],
  })
}

/** Metadata as plain JSON: the SDK leaves fields that are `undefined` in it, which no journal can hold. */
function json(value: unknown): JsonObject | undefined {
  return record(value) && (JSON.parse(JSON.stringify(value)) as JsonObject)
}
