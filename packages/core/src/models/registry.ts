import { checkFields, invalidDefinition } from '../define/check.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { Model, ModelCapability, ModelSettings } from '../ports/index.ts'
import { checkModelRetry, resolveRetry, type ModelRetry } from './retry.ts'

/** A model with what holds for every call through its alias. */
export interface ModelAlias {
  readonly model: Model
  readonly settings?: ModelSettings
  /** `false`: one attempt. */
  readonly retry?: Partial<ModelRetry> | false
  /** Milliseconds for one attempt, unless the agent or the call says otherwise; 0 is no limit. */
  readonly timeoutMs?: number
  /** Milliseconds without a part after which a stream counts as dead; 0 is no limit. Default 120,000. */
  readonly idleTimeoutMs?: number
}

/** What `defineHarness({ models })` takes for an alias. */
export type ModelChoice = Model | ModelAlias

/** An alias with nothing left open. */
export interface ResolvedModel {
  readonly alias: string
  readonly model: Model
  readonly settings: ModelSettings
  readonly retry: ModelRetry
  readonly timeoutMs: number | undefined
  readonly idleTimeoutMs: number
}

/** The models of one harness by alias. */
export interface ModelRegistry {
  has(alias: string): boolean
  /** Throws `model/unknown-alias`. */
  get(alias: string): ResolvedModel
  readonly aliases: readonly string[]
}

/** Makes the registry. Throws `config/definition` for a value that is no model. */
export function createModelRegistry(choices: Readonly<Record<string, ModelChoice>>): ModelRegistry {
  const models = new Map(Object.entries(choices).map(([alias, choice]) => [alias, resolve(alias, choice)]))
  return {
    has: (alias) => models.has(alias),
    get: (alias) => {
      const found = models.get(alias)
      if (found !== undefined) return found
      throw new HarnessError({
        code: 'model/unknown-alias',
        message: `No model has the alias "${alias}". The harness has: ${[...models.keys()].join(', ') || 'none'}.`,
        meta: { alias },
      })
    },
    aliases: [...models.keys()],
  }
}

function resolve(alias: string, choice: ModelChoice): ResolvedModel {
  const config: ModelAlias = 'model' in choice ? choice : { model: choice }
  if (typeof config.model?.generate !== 'function') {
    invalidDefinition(
      `models.${alias} is not a model. Pass what a provider package gives, such as openai('…').`,
    )
  }
  const what = `models.${alias}`
  checkFields('models', { [alias]: alias }, { [alias]: 'name' })
  checkFields(what, { ...config }, { timeoutMs: 'timeoutMs', idleTimeoutMs: 'timeoutMs' })
  checkModelRetry(config.retry, (field, why) => invalidDefinition(`${what}: ${field} is not valid: ${why}`))
  return {
    alias,
    model: config.model,
    settings: config.settings ?? {},
    retry: resolveRetry(config.retry),
    timeoutMs: config.timeoutMs,
    idleTimeoutMs: config.idleTimeoutMs ?? 120_000,
  }
}

/** Refuses a call that needs what the model cannot do, before any I/O. */
export function requireCapability(
  resolved: ResolvedModel,
  needed: readonly ModelCapability[],
  what: string,
): void {
  const missing = needed.find((capability) => !resolved.model.capabilities.includes(capability))
  if (missing === undefined) return
  throw new HarnessError({
    code: 'model/capability',
    message: `${what} needs a model with "${missing}"; the alias "${resolved.alias}" (${resolved.model.modelId}) has ${resolved.model.capabilities.join(', ') || 'nothing'}.`,
    meta: { alias: resolved.alias, capability: missing },
  })
}
