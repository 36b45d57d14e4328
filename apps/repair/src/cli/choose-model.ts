import type { Model } from '@belay/core/ports'
import { openai, openaiCompatible } from '@belay/openai-provider'
import { offlineModel } from '../offline-model/offline-model.ts'

/** A model and the line that says which it is. */
export interface ChosenModel {
  readonly model: Model
  readonly announcement: string
}

/** Chooses by the environment; an empty variable is how a shell says "not set". */
export function chooseModel(environment: NodeJS.ProcessEnv): ChosenModel {
  const apiKey = environment['OPENAI_API_KEY']?.trim() || undefined
  const baseURL = environment['OPENAI_BASE_URL']?.trim() || undefined
  const name = environment['OPENAI_MODEL']?.trim() || undefined
  if (baseURL !== undefined) {
    if (name === undefined) throw new Error('OPENAI_BASE_URL is set but OPENAI_MODEL is not: set it.')
    const provider = openaiCompatible({ baseURL, ...(apiKey !== undefined && { apiKey }) })
    return { model: provider(name), announcement: `using ${name}` }
  }
  if (apiKey === undefined) {
    return {
      model: offlineModel(),
      announcement: 'no OPENAI_API_KEY: using the embedded offline model (it searches, it does not reason)',
    }
  }
  const modelId = name ?? 'gpt-5-mini'
  return { model: openai(modelId, { apiKey }), announcement: `using ${modelId} of OpenAI` }
}
