import { checkFields, invalidDefinition } from '../define/check.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { TokenPrices } from '../define/budget.ts'
import type { Model, ModelSettings } from '../ports/index.ts'
import { checkPrices } from './estimate.ts'
import { checkFallback, fallbackOrder } from './fallback.ts'
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
  /**
   * Aliases that answer in its place, tried in this order, when its attempts are used up by failures that may pass
   * and nobody has seen a part of an answer.
   */
  readonly fallback?: readonly string[]
  /** What its tokens cost; a run with a budget of money needs it. */
  readonly prices?: TokenPrices
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
  /** All that may answer in its place, in order; these have no fallbacks of their own. */
  readonly fallbacks: readonly ResolvedModel[]
  readonly prices: TokenPrices | undefined
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
  const models = resolveAll(choices)
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

function resolveAll(choices: Readonly<Record<string, ModelChoice>>): ReadonlyMap<string, ResolvedModel> {
  const configs = new Map(
    Object.entries(choices).map(([alias, choice]): [string, ModelAlias] => [
      alias,
      'model' in choice ? choice : { model: choice },
    ]),
  )
  const alone = new Map([...configs].map(([alias, config]) => [alias, resolve(alias, config)]))
  const fallbacks = new Map([...configs].map(([alias, config]) => [alias, config.fallback ?? []]))
  return new Map(
    [...alone].map(([alias, resolved]) => {
      const order = fallbackOrder(alias, fallbacks)
      if (order.length === 0) return [alias, resolved]
      return [alias, { ...resolved, fallbacks: order.map((each) => alone.get(each) as ResolvedModel) }]
    }),
  )
}

function resolve(alias: string, config: ModelAlias): ResolvedModel {
  if (typeof config.model?.generate !== 'function') {
    invalidDefinition(
      `models.${alias} is not a model. Pass what a provider package gives, such as openai('…').`,
    )
  }
  const what = `models.${alias}`
  checkFields('models', { [alias]: alias }, { [alias]: 'name' })
  checkFields(what, { ...config }, { timeoutMs: 'timeoutMs', idleTimeoutMs: 'timeoutMs' })
  checkFallback(what, config.fallback)
  checkPrices(config.prices, (field, why) => invalidDefinition(`${what}: ${field} is not valid: ${why}`))
  checkModelRetry(config.retry, (field, why) => invalidDefinition(`${what}: ${field} is not valid: ${why}`))
  return {
    alias,
    model: config.model,
    settings: config.settings ?? {},
    retry: resolveRetry(config.retry),
    timeoutMs: config.timeoutMs,
    idleTimeoutMs: config.idleTimeoutMs ?? 120_000,
    fallbacks: [],
    prices: config.prices && Object.freeze({ ...config.prices }),
  }
}
