import type { LabelRecord } from '../history/event.ts'
import type { Message, ModelRequest, Platform } from '../ports/index.ts'
import type { TurnRecord } from '../history/conversation.ts'
import type { EngineContext, StepSpec } from '../run/definition.ts'
import { callModel } from './call.ts'
import type { ModelOutcome } from './outcome.ts'
import type { ResolvedModel } from './registry.ts'
import { modelRetryPolicy, resolveRetry, type CallProgress, type ModelRetry } from './retry.ts'

/** One model call as a step. */
export interface ModelStepInit {
  readonly context: EngineContext
  readonly platform: Platform
  readonly resolved: ResolvedModel
  readonly name: string
  readonly key?: string
  /** Messages that this call adds to the conversation; recorded with the answer. */
  readonly prompt: readonly Message[]
  /** Built only when the call is made, not in a replay. */
  readonly request: () => ModelRequest | Promise<ModelRequest>
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

/** A step that calls a model, with the alias's retry policy and live deltas. */
export function modelStep(init: ModelStepInit): StepSpec<TurnRecord> {
  const { context, platform, resolved, agent } = init
  const progress: CallProgress = { sawPart: false, startedAt: undefined }
  const by = agent === undefined ? {} : { agent }
  return {
    name: init.name,
    ...(init.key !== undefined && { key: init.key }),
    noun: 'model',
    effect: 'idempotent',
    folded: init.folded ?? false,
    input: init.input,
    timeoutMs: init.timeoutMs ?? resolved.timeoutMs ?? init.defaultTimeoutMs,
    retry: modelRetryPolicy(
      init.retry === undefined ? resolved.retry : resolveRetry(init.retry, resolved.retry),
      platform,
      progress,
    ),
    label: (turn) => label(resolved, turn, by),
    run: async (run) => {
      progress.sawPart = false
      progress.startedAt ??= platform.monotonic()
      const { attempt, key } = run
      context.emit({ type: 'model.started', key, model: resolved.alias, attempt, ...by })
      const outcome = await callModel({
        resolved,
        request: await init.request(),
        signal: run.signal,
        platform,
        onPart: () => (progress.sawPart = true),
        onText: (text, offset) => context.emit({ type: 'model.delta', key, attempt, offset, text, ...by }),
      })
      return toTurn(init.prompt, outcome)
    },
  }
}

function label(
  resolved: ResolvedModel,
  turn: TurnRecord | undefined,
  by: { readonly agent?: string },
): LabelRecord {
  if (turn === undefined) return { model: resolved.alias, ...by }
  return { model: resolved.alias, ...by, finishReason: turn.finishReason, usage: turn.usage }
}

function toTurn(prompt: readonly Message[], outcome: ModelOutcome): TurnRecord {
  return { prompt, ...outcome }
}
