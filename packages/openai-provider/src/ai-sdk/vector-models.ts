/**
 * The part of the AI SDK's specifications of embedding models (versions 2 to 4) and reranking models (3 and 4)
 * that is used here. A type test holds it against the SDK's own types.
 */
export interface AiSdkEmbeddingModel {
  readonly specificationVersion: 'v2' | 'v3' | 'v4'
  readonly provider: string
  readonly modelId: string
  readonly maxEmbeddingsPerCall: PromiseLike<number | undefined> | number | undefined
  /** `never` takes the options of every version. */
  doEmbed(options: never): PromiseLike<AiSdkEmbeddings>
}

/** What `doEmbed` gives. */
export interface AiSdkEmbeddings {
  readonly embeddings: readonly (readonly number[])[]
  readonly usage?: { readonly tokens: number } | undefined
}

/** A model that ranks. */
export interface AiSdkRerankingModel {
  readonly specificationVersion: 'v3' | 'v4'
  readonly provider: string
  readonly modelId: string
  doRerank(options: never): PromiseLike<AiSdkRanking>
}

/** What `doRerank` gives. */
export interface AiSdkRanking {
  readonly ranking: readonly { readonly index: number; readonly relevanceScore: number }[]
}
