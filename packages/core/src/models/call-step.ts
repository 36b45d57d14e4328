import type { Built } from '../history/built.ts'
import type { LabelRecord } from '../history/event.ts'
import type { FinishReason, Platform, Usage } from '../ports/index.ts'
import type { CallEstimate, EngineContext, EngineStepRun, StepSpec } from '../run/definition.ts'
import type { EffectDetail, EffectFacts, ModelOperation } from '../run/observer.ts'
import { CallAttempts } from './attempts.ts'
import type { ResolvedModel } from './registry.ts'
import type { ModelRetry } from './retry.ts'

/** What every call of a model is made from, whatever it asks for. */
export interface CallInit {
  readonly context: EngineContext
  readonly platform: Platform
  readonly resolved: ResolvedModel
  readonly name: string
  readonly key?: string
  /** What the call or the definition says; goes before the alias's. */
  readonly timeoutMs: number | undefined
  readonly defaultTimeoutMs: number
  /** Goes before the alias's. */
  readonly retry?: Partial<ModelRetry> | false
  readonly agent?: string
  /** Compared in a replay. */
  readonly input?: unknown
  readonly folded?: boolean
}

/** What the record of a call tells its label. */
export interface CallRecord {
  readonly usage: Usage
  readonly finishReason?: FinishReason
  readonly rawReason?: string
}

/** One attempt of a call. */
export interface CallAttempt {
  readonly run: EngineStepRun
  /** The alias that is asked. */
  readonly resolved: ResolvedModel
  readonly attempts: CallAttempts
  /** There when somebody watches. */
  readonly tell: ((detail: EffectDetail) => void) | undefined
}

/** How a call is made, and what one attempt of it uses at most. */
export interface CallParts<T> {
  readonly operation: ModelOperation
  readonly call: (attempt: CallAttempt) => Promise<T>
  readonly estimate: (resolved: ResolvedModel) => CallEstimate | Promise<CallEstimate>
}

/** A step that calls a model, with the retries of its alias and of those that it falls back to. */
export function callStep<T extends CallRecord>(
  init: CallInit,
  { operation, call, estimate }: CallParts<T>,
): StepSpec<T> {
  const { context, agent } = init
  const attempts = new CallAttempts(init.resolved, init.retry, init.platform)
  let announced = false
  const by = agent === undefined ? {} : { agent }
  return {
    name: init.name,
    noun: 'model',
    effect: 'idempotent',
    folded: init.folded ?? false,
    input: init.input,
    // Read before each attempt: every alias may have a limit of its own.
    timeoutMs: () => init.timeoutMs ?? attempts.current.timeoutMs ?? init.defaultTimeoutMs,
    retry: attempts.policy,
    estimate: (number) => estimate(attempts.aliasOf(number)),
    label: (record) => label(attempts.current, record, by),
    facts: (number) => factsOf(attempts.aliasOf(number), operation, by),
    run: (run, tell) => {
      const resolved = attempts.begin(run.attempt)
      const { key, attempt } = run
      // One beginning for one end; `step.retried` tells of the attempts between.
      if (!announced) context.emit({ type: 'model.started', key, model: resolved.alias, attempt, ...by })
      announced = true
      return call({ run, resolved, attempts, tell })
    },
    ...(init.key !== undefined && { key: init.key }),
  }
}

function factsOf(
  { alias, model }: ResolvedModel,
  operation: ModelOperation,
  by: { readonly agent?: string },
): EffectFacts {
  return { ...by, model: { operation, alias, provider: model.provider, id: model.modelId } }
}

function label(
  { alias }: ResolvedModel,
  record: CallRecord | undefined,
  by: { readonly agent?: string },
): LabelRecord {
  if (record === undefined) return { model: alias, ...by }
  const { finishReason, rawReason, usage } = record
  const facts: Built<LabelRecord> = { ...by, usage, model: alias }
  if (finishReason !== undefined) facts.finishReason = finishReason
  if (rawReason !== undefined) facts.rawReason = rawReason
  return facts
}
