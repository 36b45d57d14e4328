import type { Guardrail, GuardrailContext, GuardrailVerdict } from '../define/guardrail.ts'
import type { Platform } from '../ports/index.ts'

/** What one guardrail decided, as it is recorded. */
export interface GuardrailDecision {
  readonly name: string
  readonly action: GuardrailVerdict['action']
  readonly reason?: string
}

/** What the guardrails of a stage made of a value. */
export type Guarded =
  | { readonly decisions: readonly GuardrailDecision[]; readonly changed: boolean; readonly value: unknown }
  | { readonly blocked: GuardrailDecision & { readonly reason: string } }

/** A reason that may go into errors and logs: a word, so that no content gets there by accident. */
const reasonForm = /^[A-Za-z0-9_.:-]{1,64}$/

/** Asks the guardrails one after the other; each sees what the one before made of the value. */
export async function checkInOrder(
  guardrails: readonly Guardrail[],
  value: unknown,
  context: GuardrailContext,
  platform: Platform,
): Promise<Guarded> {
  const decisions: GuardrailDecision[] = []
  let current = value
  let changed = false
  for (const guardrail of guardrails) {
    const { name } = guardrail
    const verdict = await verdictOf(guardrail, current, context, platform)
    if (verdict.action === 'block') return { blocked: { name, action: 'block', reason: verdict.reason } }
    if (verdict.action === 'transform') {
      current = verdict.value
      changed = true
    }
    decisions.push({ name, action: verdict.action })
  }
  return { decisions, changed, value: current }
}

/** Only a clear answer lets a value through: what throws, takes too long or says something else blocks. */
async function verdictOf(
  guardrail: Guardrail,
  value: unknown,
  context: GuardrailContext,
  platform: Platform,
): Promise<GuardrailVerdict> {
  const block = (reason: string): GuardrailVerdict => {
    const { stage, agent } = context
    context.log.warn('guardrail failed', { guardrail: guardrail.name, stage, agent, reason })
    return { action: 'block', reason }
  }
  let verdict: GuardrailVerdict | undefined
  try {
    verdict = await withinLimit(guardrail, value, context, platform)
  } catch {
    // The run was told to end: that says nothing about the value and is not recorded.
    context.signal.throwIfAborted()
    return block('guardrail_failed')
  }
  if (verdict === undefined) return block('guardrail_timed_out')
  switch (verdict?.action) {
    case 'pass':
      return verdict
    case 'transform':
      return 'value' in verdict ? verdict : block('invalid_verdict')
    case 'block':
      return typeof verdict.reason === 'string' && reasonForm.test(verdict.reason)
        ? verdict
        : { action: 'block', reason: 'unnamed' }
    default:
      return block('invalid_verdict')
  }
}

/** `undefined` when the time is over. The guardrail's own signal is aborted then, and with the run. */
function withinLimit(
  guardrail: Guardrail,
  value: unknown,
  context: GuardrailContext,
  platform: Platform,
): Promise<GuardrailVerdict | undefined> {
  const { signal } = context
  const controller = new AbortController()
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      controller.abort(signal.reason)
      reject(signal.reason as Error)
    }
    const timer =
      guardrail.timeoutMs > 0
        ? platform.timer(guardrail.timeoutMs, () => {
            controller.abort(new Error(`The guardrail took longer than ${guardrail.timeoutMs} ms.`))
            resolve(undefined)
          })
        : undefined
    const cleanUp = (): void => {
      timer?.cancel()
      signal.removeEventListener('abort', onAbort)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    const check = async (): Promise<GuardrailVerdict> => {
      signal.throwIfAborted()
      // Absence of an answer is no pass; it must not look like a time-out either.
      return (await guardrail.check(value, { ...context, signal: controller.signal })) ?? noVerdict
    }
    check().finally(cleanUp).then(resolve, reject)
  })
}

const noVerdict = { action: undefined } as unknown as GuardrailVerdict
