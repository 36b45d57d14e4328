import type { LabelRecord } from '../history/event.ts'
import type { Message, ModelRequest, Platform } from '../ports/index.ts'
import type { TurnRecord } from '../history/conversation.ts'
import type { EngineContext, StepSpec } from '../run/definition.ts'
import { callModel } from './call.ts'
import type { ModelOutcome } from './outcome.ts'
import type { ResolvedModel } from './registry.ts'
import { modelRetryPolicy } from './retry.ts'

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
  readonly timeoutMs: number
  readonly agent?: string
  /** Compared in a replay. */
  readonly input?: unknown
  readonly folded?: boolean
}

/** A step that calls a model, with the alias's retry policy and live deltas. */
export function modelStep(init: ModelStepInit): StepSpec<TurnRecord> {
  const { context, platform, resolved, agent } = init
  const progress = { sawPart: false }
  const by = agent === undefined ? {} : { agent }
  const key = `${context.scope === '' ? '' : `${context.scope}/`}${init.key ?? init.name}`
  return {
    name: init.name,
    ...(init.key !== undefined && { key: init.key }),
    noun: 'model',
    effect: 'idempotent',
    folded: init.folded ?? false,
    input: init.input,
    timeoutMs: resolved.timeoutMs ?? init.timeoutMs,
    retry: modelRetryPolicy(resolved.retry, platform, () => progress),
    label: (turn) => label(resolved, turn, by),
    run: async (run) => {
      progress.sawPart = false
      const { attempt } = run
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
