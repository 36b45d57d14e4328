import type { Json, Logger } from '../ports/index.ts'
import { checkFields, checkFunction, invalidDefinition, requireFields } from './check.ts'

const stages = ['input', 'output', 'tool_call', 'tool_result'] as const

/** What a guardrail sees: an agent's input or output, the arguments of a tool call or its result. */
export type GuardrailStage = (typeof stages)[number]

/** What a guardrail gets beside the value. */
export interface GuardrailContext {
  readonly stage: GuardrailStage
  /** Name of the agent. */
  readonly agent: string
  readonly runId: string
  readonly sessionId: string
  readonly metadata: Json
  /** Of the call; with `tool_call` and `tool_result`. */
  readonly tool?: string
  readonly callId?: string
  /** The arguments that were executed; with `tool_result`. */
  readonly arguments?: unknown
  /** Aborted with the run, and when the guardrail's time is over. */
  readonly signal: AbortSignal
  readonly log: Logger
}

/** What a guardrail says of a value. */
export type GuardrailVerdict =
  | { readonly action: 'pass' }
  /** The next guardrail, and then whoever gets the value, sees this one instead. */
  | { readonly action: 'transform'; readonly value: unknown }
  /** `reason` is a word for readers and programs, 1 to 64 of A-Z a-z 0-9 _ . : - and without content. */
  | { readonly action: 'block'; readonly reason: string }

/** What `defineGuardrail` takes. */
export interface GuardrailInit {
  /** 1 to 64 of A-Z a-z 0-9 _ . : - */
  readonly name: string
  /** One stage or several. */
  readonly on: GuardrailStage | readonly GuardrailStage[]
  /** Milliseconds for one check; 0 is no limit. Default 10,000. A guardrail that takes longer blocks. */
  readonly timeoutMs?: number
  /** Must not change the value in place. One that throws blocks. */
  readonly check: (value: unknown, context: GuardrailContext) => GuardrailVerdict | Promise<GuardrailVerdict>
}

/** A check of what goes in and out of agents. Frozen. */
export interface Guardrail {
  readonly kind: 'guardrail'
  readonly name: string
  readonly on: readonly GuardrailStage[]
  readonly timeoutMs: number
  check(value: unknown, context: GuardrailContext): GuardrailVerdict | Promise<GuardrailVerdict>
}

/** Declares a guardrail. Throws `config/definition` when a field is not valid. */
export function defineGuardrail(init: GuardrailInit): Guardrail {
  const what = `Guardrail "${String(init.name)}"`
  requireFields(what, { ...init }, ['name', 'on', 'check'])
  checkFields(what, { ...init }, { name: 'name', timeoutMs: 'timeoutMs' })
  checkFunction(what, 'check', init.check)
  const on = typeof init.on === 'string' ? [init.on] : [...init.on]
  if (on.length === 0 || !on.every((stage) => stages.includes(stage)))
    invalidDefinition(`${what}: on is not valid: use one or more of ${stages.join(', ')}.`)
  return Object.freeze({
    kind: 'guardrail' as const,
    name: init.name,
    on: Object.freeze(on),
    timeoutMs: init.timeoutMs ?? 10_000,
    check: init.check,
  })
}

/** Requires values made by `defineGuardrail` with names of their own. */
export function checkGuardrails(what: string, guardrails: readonly Guardrail[]): readonly Guardrail[] {
  if (!Array.isArray(guardrails)) invalidDefinition(`${what}: guardrails must be an array.`)
  const names = new Set<string>()
  for (const guardrail of guardrails as readonly Guardrail[]) {
    if (guardrail?.kind !== 'guardrail')
      invalidDefinition(`${what}: guardrails must be values made by defineGuardrail.`)
    if (names.has(guardrail.name))
      invalidDefinition(`${what}: two guardrails have the name "${guardrail.name}".`)
    names.add(guardrail.name)
  }
  return Object.freeze([...guardrails])
}
