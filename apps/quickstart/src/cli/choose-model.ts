import type { TokenPrices } from '@belay/core'
import type { Model } from '@belay/core/ports'
import { openai, openaiCompatible } from '@belay/openai-provider'
import { offlineModel } from '../offline-model/offline-model.ts'
import { UsageError } from './usage-error.ts'

/** The variables that choose a model. */
export type ModelEnvironment = Readonly<Record<string, string | undefined>>

/** A model and the line that says which it is. */
export interface ChosenModel {
  readonly model: Model
  readonly announcement: string
  /** Where they are known without being told. */
  readonly prices?: TokenPrices
}

const defaultOpenAIModel = 'gpt-5-mini'

/** Chooses by the environment. Throws `UsageError`. */
export function chooseModel(environment: ModelEnvironment): ChosenModel {
  // An empty variable is how a shell says "not set".
  const key = environment['OPENAI_API_KEY']?.trim() || undefined
  const baseURL = environment['OPENAI_BASE_URL']?.trim() || undefined
  const name = environment['OPENAI_MODEL']?.trim() || undefined
  if (baseURL !== undefined) return compatible(baseURL, key, name)
  if (key === undefined) {
    return {
      model: offlineModel(),
      prices: { inputUsdPerMTok: 0, outputUsdPerMTok: 0 },
      announcement:
        'no OPENAI_API_KEY: using the embedded offline model (extractive: it quotes, it does not reason)',
    }
  }
  const modelId = name ?? defaultOpenAIModel
  return { model: openai(modelId, { apiKey: key }), announcement: `using ${modelId} of OpenAI` }
}

function compatible(baseURL: string, key: string | undefined, name: string | undefined): ChosenModel {
  const isHttp = URL.canParse(baseURL) && /^https?:$/.test(new URL(baseURL).protocol)
  if (!isHttp)
    throw new UsageError(`OPENAI_BASE_URL is not an http(s) URL: ${JSON.stringify(withoutSecrets(baseURL))}.`)
  if (name === undefined) {
    throw new UsageError(
      'OPENAI_BASE_URL is set but OPENAI_MODEL is not: set it to the name of a model of that server.',
    )
  }
  const provider = openaiCompatible({ baseURL, ...(key !== undefined && { apiKey: key }) })
  return { model: provider(name), announcement: `using ${name} at ${withoutSecrets(baseURL)}` }
}

/** A URL may hold a password, and what is printed ends up in logs. */
export function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return url.replace(/\/\/[^/@]*@/, '//')
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
