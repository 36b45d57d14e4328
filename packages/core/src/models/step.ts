import type { Message, ModelRequest } from '../ports/index.ts'
import { isCodedError } from '../ports/index.ts'
import type { TurnRecord } from '../history/conversation.ts'
import type { StepSpec } from '../run/definition.ts'
import { callModel, withSettings } from './call.ts'
import { callStep, type CallAttempt, type CallInit } from './call-step.ts'
import { neededByFiles, requireCapability } from './capability.ts'
import { estimateGenerate } from './estimate.ts'
import { ObjectPartials } from './object-partials.ts'
import type { ModelOutcome } from './outcome.ts'
import type { ResolvedModel } from './registry.ts'

/** One model call as a step. */
export interface ModelStepInit extends CallInit {
  /** Messages that this call adds to the conversation; recorded with the answer. */
  readonly prompt: readonly Message[]
  /** Built only when the call is made, not in a replay, for the alias that is asked. */
  readonly request: (resolved: ResolvedModel) => ModelRequest | Promise<ModelRequest>
  /** A smaller request for one more try when the first does not fit; `undefined` when it cannot be smaller. */
  readonly project?: (request: ModelRequest) => ModelRequest | undefined
  /** The answer is JSON: what is known of it is shown while it arrives. */
  readonly structured?: boolean
  /** Nothing is shown before the answer is complete: a guardrail may not let it through. */
  readonly holdsText?: boolean
}

/** A step that calls a model, with live deltas. */
export function modelStep(init: ModelStepInit): StepSpec<TurnRecord> {
  const window = { projected: false }
  return callStep(init, {
    operation: 'chat',
    call: async (attempt) => ({ ...(await ask(init, attempt, window)), prompt: init.prompt }),
    estimate: async (resolved) => estimateGenerate(resolved, await init.request(resolved)),
  })
}

/**
 * One attempt. A request that does not fit is made smaller once in the life of the step; a second refusal, or
 * one that cannot be made smaller, stands.
 */
async function ask(
  init: ModelStepInit,
  attempt: CallAttempt,
  window: { projected: boolean },
): Promise<ModelOutcome> {
  const request = await init.request(attempt.resolved)
  const needed = neededByFiles(request.messages)
  if (needed.length > 0) requireCapability(init.resolved, needed, callerOf(init))
  const smaller = window.projected ? init.project?.(request) : undefined
  try {
    return await send(init, attempt, smaller ?? request)
  } catch (error) {
    const fits = !isCodedError(error, 'model/context-length') || attempt.attempts.sawPart
    if (fits || window.projected || attempt.run.signal.aborted) throw error
    const projected = init.project?.(request)
    if (projected === undefined) throw error
    window.projected = true
    return send(init, attempt, projected)
  }
}

function send(init: ModelStepInit, attempt: CallAttempt, request: ModelRequest): Promise<ModelOutcome> {
  const { context, platform, agent } = init
  const { run, resolved, attempts, tell } = attempt
  const { key, attempt: number } = run
  const by = agent === undefined ? {} : { agent }
  const partials =
    init.structured === true
      ? new ObjectPartials((value) =>
          context.emit({ type: 'model.object.partial', key, attempt: number, value, ...by }),
        )
      : undefined
  const whole = withSettings(request, resolved)
  tell?.({ request: whole })
  return callModel({
    resolved,
    request: whole,
    run,
    platform,
    onPart: () => (attempts.sawPart = true),
    onResponse: (response) => tell?.({ response }),
    ...(init.holdsText !== true && {
      onText: (text: string, offset: number) => {
        context.emit({ type: 'model.delta', key, attempt: number, offset, text, ...by })
        partials?.push(text)
      },
    }),
  })
}

function callerOf({ agent, resolved }: ModelStepInit): string {
  return agent === undefined
    ? `A call of ctx.models.${resolved.alias} with files`
    : `Agent "${agent}", with files,`
}
