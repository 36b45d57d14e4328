import type { Budget } from '../define/budget.ts'
import { toNanoUsd, type Amounts, type BudgetAccount } from '../history/budget.ts'

/** Amounts of everything that a budget counts. */
export interface BudgetAmounts {
  readonly tokens: number
  readonly costUsd: number
  readonly modelCalls: number
  readonly wallMs: number
}

/** Where the budget of a run stands. */
export interface BudgetReport {
  /** With what extensions have added; a limit that the run does not have is absent. */
  readonly limit: Budget
  /** Recorded usage, and the upper bounds of calls that did not come back. */
  readonly spent: BudgetAmounts
  /** Upper bounds of calls in flight. */
  readonly reserved: BudgetAmounts
  /** What each limit still allows; never below 0. */
  readonly left: Budget
}

/** The report of an account; `activeMs` is the time under a lease. */
export function budgetReport(account: BudgetAccount, activeMs: number): BudgetReport {
  const { limits, spent, reserved } = account
  const left = {
    tokens: (limits.tokens ?? 0) - spent.tokens - reserved.tokens,
    costUsd: (toNanoUsd(limits.costUsd ?? 0) - spent.nanoUsd - reserved.nanoUsd) / 1e9,
    modelCalls: (limits.modelCalls ?? 0) - spent.calls - reserved.calls,
    wallMs: (limits.wallMs ?? 0) - activeMs,
  }
  return {
    limit: limits,
    spent: amounts(spent, activeMs),
    reserved: amounts(reserved, 0),
    left: Object.fromEntries(
      Object.keys(limits).map((name) => [name, Math.max(0, left[name as keyof Budget])]),
    ),
  }
}

function amounts({ tokens, nanoUsd, calls }: Amounts, wallMs: number): BudgetAmounts {
  return { tokens, costUsd: nanoUsd / 1e9, modelCalls: calls, wallMs }
}
