/**
 * Port: model. One request to a language model, one stream of parts.
 *
 * What an implementation must hold:
 * - `generate` makes **one** request: no retry, no hidden loop, no tool execution. Retries, timeouts and the
 *   idle limit are core's.
 * - The stream ends with exactly one `finish` part and nothing after it, or it throws. A connection that
 *   ends early is `model/incomplete`, a chunk that is not the protocol is `model/malformed`; neither ever
 *   becomes a `finish`.
 * - A `tool-call` part comes before `finish`, whole: its `arguments` are the complete text that the
 *   model wrote, also when it is not JSON. Two calls with one id are passed on as they came.
 * - An abort of `signal` ends the request and the stream within a second, whatever the server does, by
 *   throwing the signal's reason. A consumer that leaves the stream early has the same effect.
 * - Errors are `PortError` with a `model/*` code, `retryable`, and in `meta` what is known of `status`,
 *   `requestId`, `providerCode`, `providerMessage`, `retryAfterMs`; never a prompt, an answer or a credential.
 * - `embed` and `rerank` are optional. A model that only embeds or ranks still has `generate`, which throws
 *   `model/bad-request`; core never calls what the capabilities do not name.
 *
 * What is not promised: equal answers to equal requests; usage where the provider gives none; deltas
 * (a provider that cannot stream sends one).
 */

import type { Configurable } from './configure.ts'
import type { EmbedRequest, EmbedResult, RerankRequest, RerankResult } from './embedding.ts'
import type { JsonObject } from './json.ts'
import type { Message, ToolCallPart } from './message.ts'
import type { AdapterInfo } from './spec.ts'
import type { Usage } from './usage.ts'

export type { EmbedRequest, EmbedResult, RankedDocument, RerankRequest, RerankResult } from './embedding.ts'
export type { Json, JsonObject } from './json.ts'
export type { FilePart, Message, ReasoningPart, TextPart, ToolCallPart, ToolResultPart } from './message.ts'
export { isCodedError, modelErrorCodes, PortError } from './errors.ts'
export { malformedAnswer } from './malformed-answer.ts'
export { assembleToolCalls, type ToolCallAssembly, type ToolCallDelta } from './tool-call-assembly.ts'
export { normalizeUsage, type Usage } from './usage.ts'

/**
 * What a model can do. Calls that need more are refused before any I/O. `vision`, `audio` and `file` are file
 * parts in messages: of the media types `image/*`, of `audio/*`, and of every other one.
 */
export type ModelCapability =
  'text' | 'object' | 'tools' | 'vision' | 'audio' | 'file' | 'embeddings' | 'rerank'

/** A tool as the model sees it. */
export interface ToolSpec {
  readonly name: string
  readonly description: string
  /** JSON Schema (2020-12) of an object. */
  readonly parameters: JsonObject
}

/** Settings of one call; what a provider does not know it ignores. */
export interface ModelSettings {
  readonly temperature?: number
  readonly topP?: number
  readonly maxOutputTokens?: number
  readonly stop?: readonly string[]
  readonly seed?: number
}

/** One request. */
export interface ModelRequest {
  /** System messages first, then the conversation; every tool result follows its call. */
  readonly messages: readonly Message[]
  readonly tools?: readonly ToolSpec[]
  /** Default `auto`. */
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly tool: string }
  /** Ask for JSON of this schema as the answer's text. Only for models with the capability `object`. */
  readonly output?: { readonly schema: JsonObject; readonly name?: string }
  readonly settings?: ModelSettings
  /** By provider name, passed through. */
  readonly providerOptions?: JsonObject
}

/** Why the model stopped. */
export type FinishReason =
  | 'stop'
  | 'length'
  | 'context_limit'
  | 'tool_calls'
  | 'content_filter'
  | 'refusal'
  | 'pause'
  | 'malformed'
  | 'cancelled'
  | 'error'

/** One part of a stream. */
export type ModelPart =
  | { readonly type: 'text-delta'; readonly text: string }
  /** One with `provider` is the last of its block; the next one begins another. */
  | { readonly type: 'reasoning-delta'; readonly text: string; readonly provider?: JsonObject }
  | ToolCallPart
  | {
      readonly type: 'finish'
      readonly reason: FinishReason
      /** The provider's own word. */
      readonly rawReason?: string
      readonly usage: Usage
      /** What answered: provider's ids. */
      readonly response?: { readonly id?: string; readonly model?: string }
    }

/** Options of a call, whichever it is. */
export interface GenerateOptions {
  readonly signal: AbortSignal
}

/** The port: one model of one provider. */
export interface Model extends Configurable {
  readonly info: AdapterInfo
  /** For example `openai`. */
  readonly provider: string
  /** The provider's name of the model. */
  readonly modelId: string
  readonly capabilities: readonly ModelCapability[]
  /** The most output tokens, reasoning included, that one answer can have; absent where that is not known. */
  readonly maxOutputTokens?: number
  /**
   * The most input tokens that a request can cost. Absent, or `undefined`: core takes the bytes of the request, which
   * bound the tokens of text; where it cannot, a call under a budget of tokens or money is refused. No I/O.
   */
  maxInputTokens?(request: ModelRequest): number | undefined
  /** Starts one request when the first part is asked for. Throws as stated above. */
  generate(request: ModelRequest, options: GenerateOptions): AsyncIterable<ModelPart>
  /** Most values that one `embed` may carry; core splits what is longer. Absent: no limit is known. */
  readonly maxEmbedValues?: number
  /** Present when the capabilities have `embeddings`. One request; see `embedding.ts` for what must hold. */
  embed?(request: EmbedRequest, options: GenerateOptions): Promise<EmbedResult>
  /** Present when the capabilities have `rerank`. One request; see `embedding.ts` for what must hold. */
  rerank?(request: RerankRequest, options: GenerateOptions): Promise<RerankResult>
}
