import type { ResolvedDefaults } from '../define/defaults.ts'
import { checkOptions, invalidOption } from '../define/check.ts'
import type { ModelCallOptions } from '../define/model-calls.ts'
import { requireCapability } from '../models/capability.ts'
import type { CallInit } from '../models/call-step.ts'
import type { ModelRegistry } from '../models/registry.ts'
import { checkModelRetry } from '../models/retry.ts'
import type { ModelCapability, Platform } from '../ports/index.ts'
import type { EngineContext } from '../run/definition.ts'

/** What calling a model from a workflow needs. */
export interface WorkflowModelDeps {
  readonly models: ModelRegistry
  readonly platform: Platform
  readonly defaults: ResolvedDefaults
}

/** A model alias that a workflow declared. */
export interface DeclaredModel {
  readonly context: EngineContext
  readonly deps: WorkflowModelDeps
  readonly alias: string
  readonly declared: readonly ModelCapability[]
}

/** Checks the options of a call and what it needs, before anything is asked for. */
export function callInit(
  { context, deps, alias, declared }: DeclaredModel,
  kind: 'model' | 'embed' | 'rerank',
  options: ModelCallOptions,
  alsoNeeded: readonly ModelCapability[],
): CallInit {
  const what = `ctx.models.${alias}`
  checkOptions(what, { ...options }, { key: 'name', timeoutMs: 'timeoutMs' })
  checkModelRetry(options.retry, (field, why) => invalidOption(what, field, why))
  const resolved = deps.models.get(alias)
  requireCapability(resolved, [...declared, ...alsoNeeded], what)
  return {
    context,
    platform: deps.platform,
    resolved,
    name: `${kind}.${alias}`.slice(0, 64),
    timeoutMs: options.timeoutMs,
    defaultTimeoutMs: deps.defaults.modelTimeoutMs,
    ...(options.retry !== undefined && { retry: options.retry }),
    ...(options.key !== undefined && { key: options.key }),
  }
}
