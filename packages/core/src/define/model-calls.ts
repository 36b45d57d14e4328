import type {
  FinishReason,
  JsonObject,
  Message,
  ModelCapability,
  ModelSettings,
  RankedDocument,
  Usage,
} from '../ports/index.ts'
import type { AnySchema, OutputOf, StandardSchema } from '../schema/standard-schema.ts'
import type { Prompt } from './prompt.ts'

/** When a model call is tried again. Times in milliseconds. */
export interface ModelRetryOptions {
  /** Counts the first attempt. Default 3. */
  readonly maxAttempts?: number
  /** Before the second attempt. Default 500. */
  readonly minDelayMs?: number
  /** Default 8,000. */
  readonly maxDelayMs?: number
  /** For a longer wait see `longRetry`. Default 20,000. */
  readonly maxWaitMs?: number
  /** Attempts and waits together, in one process. Default 60,000. */
  readonly maxActiveMs?: number
  /** `fail` (the default) ends the call at once, with `meta.retryAfterMs`; `defer` suspends the run until then. */
  readonly longRetry?: 'fail' | 'defer'
}

/** Options of every call of a model. */
export interface ModelCallOptions {
  /** Tells two calls of one alias apart while both are in flight. */
  readonly key?: string
  /** Milliseconds for one attempt; 0 is no limit. */
  readonly timeoutMs?: number
  /** Goes before the alias's; `false`: one attempt. */
  readonly retry?: ModelRetryOptions | false
}

/** One question to a model. */
export interface GenerateInit<Output extends AnySchema, Content = Prompt> extends ModelCallOptions {
  /** Text, or parts for a model that was declared with `vision`, `audio` or `file`. */
  readonly prompt: Content
  /** The conversation before the prompt. */
  readonly messages?: readonly Message[]
  readonly system?: string
  /** Makes the answer structured. */
  readonly output?: Output
  readonly settings?: ModelSettings
}

/** What a model answered to a workflow. */
export interface GenerateResult<Output> {
  readonly output: Output
  readonly finishReason: FinishReason
  /** The provider's own word for it. */
  readonly rawReason?: string
  readonly usage: Usage
}

/** Texts to embed. */
export interface EmbedInit extends ModelCallOptions {
  /** Any number; what is more than the model takes at once goes in several requests. */
  readonly values: readonly string[]
  /** The length of the vectors, for models that can shorten them. */
  readonly dimensions?: number
  /** By provider name, passed through. */
  readonly providerOptions?: JsonObject
}

/** Documents to put in order. */
export interface RerankInit extends ModelCallOptions {
  readonly query: string
  readonly documents: readonly string[]
  /** How many of the best are wanted. Default: all. */
  readonly topN?: number
  /** By provider name, passed through. */
  readonly providerOptions?: JsonObject
}

/** The best documents, best first. */
export interface RankingResult {
  readonly ranking: readonly (RankedDocument & { readonly document: string })[]
  readonly usage: Usage
}

/** Vectors in the order of the values. */
export interface EmbeddingsResult {
  readonly embeddings: readonly (readonly number[])[]
  readonly usage: Usage
}

/** What can be in a message beside text. */
type FileCapability = 'vision' | 'audio' | 'file'

type PromptFor<Capability> = [Extract<Capability, FileCapability>] extends [never] ? string : Prompt

type GenerateInitFor<Capability, Output extends AnySchema> = 'object' extends Capability
  ? GenerateInit<Output, PromptFor<Capability>>
  : Omit<GenerateInit<Output, PromptFor<Capability>>, 'output'>

interface Generates<Capability> {
  /** Asks once and gives the answer. */
  generate<Output extends AnySchema = StandardSchema<string>>(
    init: GenerateInitFor<Capability, Output>,
  ): Promise<GenerateResult<OutputOf<Output>>>
}

interface Embeds {
  /** Gives one vector for each value, in their order. */
  embed(init: EmbedInit): Promise<EmbeddingsResult>
}

interface Reranks {
  /** Puts documents in order for a query, best first. */
  rerank(init: RerankInit): Promise<RankingResult>
}

/** A model that a workflow may call; what it can be asked for follows from the capabilities that were declared. */
export type WorkflowModel<Capability extends ModelCapability = ModelCapability> = ([
  Exclude<Capability, 'embeddings' | 'rerank'>,
] extends [never]
  ? unknown
  : Generates<Capability>) &
  ('embeddings' extends Capability ? Embeds : unknown) &
  ('rerank' extends Capability ? Reranks : unknown)
