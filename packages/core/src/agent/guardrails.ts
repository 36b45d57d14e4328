import type { Guardrail, GuardrailStage } from '../define/guardrail.ts'
import type { StepRun } from '../define/effect.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { Platform } from '../ports/index.ts'
import type { EngineContext } from '../run/definition.ts'
import type { StandardSchema } from '../schema/standard-schema.ts'
import { validate } from '../schema/validate.ts'
import { checkInOrder, type Guarded, type GuardrailDecision } from './guardrail-check.ts'

/** Facts of the call, for guardrails of tools. */
export interface GuardedCall {
  readonly tool: string
  readonly callId: string
  readonly arguments?: unknown
}

/** What the step of an input or an output records. */
interface GuardRecord {
  readonly decisions: readonly GuardrailDecision[]
  /** What the value was transformed into. */
  readonly changed?: { readonly value: unknown; readonly text?: string }
}

const words: Readonly<Record<GuardrailStage, string>> = {
  input: 'the input',
  output: 'the output',
  tool_call: 'a tool call',
  tool_result: 'the result of a tool',
}

/**
 * The guardrails of one agent: those of the harness, then its own. What they decide about input, output and calls is
 * a step, so a replay does not ask them again; what they make of a result is the result that is recorded.
 */
export class AgentGuardrails {
  readonly #agent: string
  readonly #platform: Platform
  readonly #byStage: ReadonlyMap<GuardrailStage, readonly Guardrail[]>

  /** `undefined` for an agent without any: nothing is asked and nothing recorded then. */
  static of(
    agent: { readonly name: string; readonly guardrails: readonly Guardrail[] },
    harness: readonly Guardrail[],
    platform: Platform,
  ): AgentGuardrails | undefined {
    const all = [...harness, ...agent.guardrails]
    return all.length === 0 ? undefined : new AgentGuardrails(agent.name, all, platform)
  }

  private constructor(agent: string, all: readonly Guardrail[], platform: Platform) {
    this.#agent = agent
    this.#platform = platform
    const of = (stage: GuardrailStage): readonly Guardrail[] => all.filter(({ on }) => on.includes(stage))
    this.#byStage = new Map(
      (['input', 'output', 'tool_call', 'tool_result'] as const).map((stage) => [stage, of(stage)]),
    )
  }

  has(stage: GuardrailStage): boolean {
    return this.#at(stage).length > 0
  }

  /** The input or the output of the agent, as the guardrails let it through. Throws `guardrail/blocked`. */
  async value(init: {
    readonly context: EngineContext
    readonly stage: 'input' | 'output'
    readonly value: unknown
    /** A transformed value has to fit it too. */
    readonly schema: StandardSchema
    /** How the session's history writes an output. */
    readonly textOf?: (value: unknown) => string
  }): Promise<unknown> {
    const { context, stage, schema, textOf } = init
    const record = await context.step<GuardRecord>({
      name: `guard-${stage}`,
      noun: 'step',
      effect: 'read',
      folded: true,
      label: () => ({ agent: this.#agent, guardrail: stage }),
      run: async (run) => {
        const guarded = await this.#check(stage, init.value, context, run)
        if ('blocked' in guarded) throw this.blocked(stage, guarded.blocked)
        const { decisions, changed, value } = guarded
        if (!changed) return { decisions }
        if ((await validate(schema, value)).issues !== undefined) throw this.#misfit(stage, decisions)
        return { decisions, changed: { value, ...(textOf !== undefined && { text: textOf(value) }) } }
      },
    })
    if (record.changed === undefined) return init.value
    const checking = validate(schema, record.changed.value)
    const result = checking instanceof Promise ? await context.io(() => checking) : checking
    if (result.issues === undefined) return result.value
    throw this.#misfit(stage, record.decisions)
  }

  /** The arguments of a call as the guardrails let them through, or who blocked it and why. */
  call(init: {
    readonly context: EngineContext
    readonly name: string
    readonly call: GuardedCall
    readonly value: unknown
  }): Promise<{
    readonly decisions: readonly GuardrailDecision[]
    readonly changed?: { readonly value: unknown }
  }> {
    const { context, name, call } = init
    const { tool, callId } = call
    return context.step({
      name,
      noun: 'step',
      effect: 'read',
      folded: true,
      label: () => ({ agent: this.#agent, guardrail: 'tool_call', tool, callId }),
      run: async (run) => {
        const guarded = await this.#check('tool_call', init.value, context, run, call)
        if ('blocked' in guarded) return { decisions: [guarded.blocked] }
        const { decisions, changed, value } = guarded
        return { decisions, ...(changed && { changed: { value } }) }
      },
    })
  }

  /** A tool's result as the guardrails let it through; called inside the step of the tool. */
  async result(init: {
    readonly context: EngineContext
    readonly run: StepRun
    readonly call: GuardedCall
    readonly value: unknown
    readonly schema: StandardSchema | undefined
  }): Promise<unknown> {
    const { context, run, call, schema } = init
    const guarded = await this.#check('tool_result', init.value, context, run, call)
    if ('blocked' in guarded) throw this.blocked('tool_result', guarded.blocked, call.tool)
    const { changed, value, decisions } = guarded
    if (!changed || schema === undefined) return value
    const result = await validate(schema, value)
    if (result.issues === undefined) return result.value
    throw this.#misfit('tool_result', decisions, call.tool)
  }

  /** The error of a value that was not let through: who, where and why, and nothing of the value. */
  blocked(
    stage: GuardrailStage,
    { name, reason = 'unnamed' }: { readonly name: string; readonly reason?: string },
    tool?: string,
  ): HarnessError {
    return new HarnessError({
      code: 'guardrail/blocked',
      message: `The guardrail "${name}" blocked ${words[stage]} of agent "${this.#agent}": ${reason}. Change the ${tool === undefined ? 'value' : 'call'}, or the guardrail if this is not wanted.`,
      meta: { guardrail: name, stage, reason, agent: this.#agent, ...(tool !== undefined && { tool }) },
    })
  }

  #misfit(stage: GuardrailStage, decisions: readonly GuardrailDecision[], tool?: string): HarnessError {
    const last = decisions.findLast(({ action }) => action === 'transform')
    return this.blocked(stage, { name: last?.name ?? '', reason: 'invalid_transform' }, tool)
  }

  #at(stage: GuardrailStage): readonly Guardrail[] {
    return this.#byStage.get(stage) ?? []
  }

  #check(
    stage: GuardrailStage,
    value: unknown,
    context: EngineContext,
    run: StepRun,
    call?: GuardedCall,
  ): Promise<Guarded> {
    const { runId, sessionId } = context.run
    const about = {
      stage,
      agent: this.#agent,
      runId,
      sessionId,
      metadata: context.metadata,
      signal: run.signal,
      log: run.log,
      ...call,
    }
    return checkInOrder(this.#at(stage), value, about, this.#platform)
  }
}
