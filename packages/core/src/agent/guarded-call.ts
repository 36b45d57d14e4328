import type { HarnessError } from '../errors/harness-error.ts'
import type { Json, ToolCallPart } from '../ports/index.ts'
import type { EngineContext } from '../run/definition.ts'
import type { AgentGuardrails } from './guardrails.ts'

/** A call on its way through the guardrails. */
export interface CallOnTheWay<Checked> {
  readonly context: EngineContext
  readonly guardrails: AgentGuardrails
  /** Of the step that records what is decided. */
  readonly name: string
  readonly call: ToolCallPart
  readonly checked: Checked
  /** Checks arguments against the schema of the tool. */
  readonly recheck: (call: ToolCallPart) => Refusable<Checked> | Promise<Refusable<Checked>>
}

type Refusable<Checked> = Checked | { readonly refusal: HarnessError }

/** Asks the guardrails of calls. What they transform is checked again, and is what everything after sees. */
export async function guardCall<Checked extends { readonly arguments: Json }>(
  init: CallOnTheWay<Checked>,
): Promise<Refusable<Checked>> {
  const { context, guardrails, name, call, checked } = init
  if (!guardrails.has('tool_call')) return checked
  const facts = { tool: call.name, callId: call.callId }
  const { decisions, changed } = await guardrails.call({
    context,
    name,
    call: facts,
    value: checked.arguments,
  })
  const block = decisions.find(({ action }) => action === 'block')
  if (block !== undefined) return { refusal: guardrails.blocked('tool_call', block, call.name) }
  if (changed === undefined) return checked
  const checking = init.recheck({ ...call, arguments: JSON.stringify(changed.value) ?? 'null' })
  const again = checking instanceof Promise ? await context.io(() => checking) : checking
  if (!('refusal' in again)) return again
  const last = decisions.findLast(({ action }) => action === 'transform')
  const reason = { name: last?.name ?? '', reason: 'invalid_transform' }
  return { refusal: guardrails.blocked('tool_call', reason, call.name) }
}
