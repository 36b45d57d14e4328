export { aiSdkModel } from './ai-sdk-model.ts'
export type { AiSdkModelOptions } from './ai-sdk-model.ts'
export type {
  AiSdkLanguageModel,
  AiSdkReader,
  AiSdkStream,
  AiSdkStreamResult,
} from './ai-sdk/language-model.ts'
export { openai } from './openai.ts'
export type { OpenAIOptions } from './openai.ts'
export { openaiCompatible } from './openai-compatible.ts'
export type { OpenAICompatibleOptions } from './openai-compatible.ts'
export type { OpenAICompatible } from './openai-compatible.ts'
export { openaiEmbedding } from './openai-embedding.ts'
export type { OpenAIEmbeddingOptions } from './openai-embedding.ts'
export { aiSdkEmbedding, aiSdkReranker } from './ai-sdk-vectors.ts'
export type { AiSdkEmbeddingOptions, AiSdkVectorOptions } from './ai-sdk-vectors.ts'
export type {
  AiSdkEmbeddingModel,
  AiSdkEmbeddings,
  AiSdkRanking,
  AiSdkRerankingModel,
} from './ai-sdk/vector-models.ts'
