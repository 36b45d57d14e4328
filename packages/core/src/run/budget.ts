import type { Budget } from '../define/budget.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { boundAmounts, type Amounts, type BudgetAccount, type CallBound } from '../history/budget.ts'
import type { ResultData } from '../history/event.ts'
import type { Attempt } from './attempt.ts'
import type { CallEstimate } from './definition.ts'
import type { Cancellation } from './signal.ts'

/** One attempt of a model call that asks for its share of the budget. */
export interface CallToReserve {
  readonly key: string
  readonly attempt: number
  readonly bound: CallBound
  readonly cancellation: Cancellation
}

/**
 * The budget of one run while it executes. A call is made only after an entry that reserves its upper bound was
 * committed, so what calls in flight may use is never given twice, and a process that dies has left the trace of
 * what it may have spent.
 */
export class RunBudget {
  readonly #attempt: Attempt
  readonly #account: BudgetAccount

  constructor(attempt: Attempt, account: BudgetAccount) {
    this.#attempt = attempt
    this.#account = account
  }

  /** The bound of a call, or the refusal of one that has none where a limit needs it. */
  boundOf(key: string, estimate: CallEstimate | undefined): CallBound {
    const { tokens, costUsd } = this.#account.limits
    const { calls = 1, inputTokens, outputTokens, prices } = estimate ?? {}
    const rest = { calls, ...(prices !== undefined && { prices }) }
    if (tokens === undefined && costUsd === undefined) {
      return { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0, ...rest }
    }
    if (inputTokens === undefined) throw unpriceable(key, 'inputTokens', estimate)
    if (outputTokens === undefined) throw unpriceable(key, 'maxOutputTokens', estimate)
    if (costUsd !== undefined && prices === undefined) throw unpriceable(key, 'prices', estimate)
    return { inputTokens, outputTokens, ...rest }
  }

  /** Reserves in the order of the calls; one that does not fit is parked. False when its scope was aborted. */
  async reserve(call: CallToReserve): Promise<boolean> {
    const { key, attempt, bound, cancellation } = call
    const amounts = boundAmounts(bound)
    const hasRoom = (): boolean => this.#account.fits(amounts) && this.#wallLeft > 0
    const cause = { isReady: hasRoom, needs: () => this.#missing(amounts) }
    while (!hasRoom()) {
      const record = { key, reason: 'budget/exhausted' as const }
      if (!(await this.#attempt.parked.park(record, cancellation, cause))) return false
    }
    this.#account.reserve(key, bound)
    const { tokens, calls, nanoUsd } = amounts
    const { inputTokens, outputTokens, prices } = bound
    const cost = prices === undefined ? {} : { costUsd: nanoUsd / 1e9, prices }
    await this.#attempt.append({
      type: 'budget.reserved',
      data: { key, attempt, calls, tokens, inputTokens, outputTokens, ...cost },
    })
    return true
  }

  /** The result of a call is being recorded; what it did not use is free for others. */
  finished(key: string, data: ResultData): void {
    if (data.status === 'failed') return this.#account.lose(key)
    this.#account.settle(key, data.label?.usage ?? {})
    this.#attempt.parked.wake()
  }

  /** An extension was recorded. */
  extended(more: Budget): void {
    this.#account.extend(more)
    this.#attempt.parked.wake()
  }

  get #wallLeft(): number {
    const { wallMs = Infinity } = this.#account.limits
    return wallMs - this.#attempt.history.activeMs - this.#attempt.activeMs
  }

  /** How much higher the limits must be for a call, now that nothing is in flight. */
  #missing(call: Amounts): Budget {
    const wallMs = Math.ceil(1 - this.#wallLeft)
    return { ...this.#account.missing(call), ...(wallMs > 0 && { wallMs }) }
  }
}

const advice = {
  inputTokens:
    'the tokens of its input cannot be bounded (it has files, and its model does not say what they cost)',
  maxOutputTokens: 'no maximum of output is known; set settings.maxOutputTokens',
  prices: 'its model alias has no prices; add them to defineHarness({ models })',
} as const

function unpriceable(
  key: string,
  missing: keyof typeof advice,
  estimate: CallEstimate | undefined,
): HarnessError {
  const model = estimate?.model
  return new HarnessError({
    code: 'budget/unpriceable',
    message: `The model call "${key}"${model === undefined ? '' : ` of "${model}"`} cannot be made under this budget: ${advice[missing]}.`,
    meta: { key, missing, ...(model !== undefined && { model }) },
  })
}
