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
