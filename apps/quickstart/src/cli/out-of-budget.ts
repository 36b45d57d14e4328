import type { Budget, BudgetReport } from '@belay/core'

/** A run that has used its budget up is neither done nor failed. */
export const outOfBudgetExitCode = 3

/** Where a run stands that has used its budget up. */
export interface OutOfBudget {
  readonly report: BudgetReport | undefined
  /** What the calls that could not be made lack at least. */
  readonly needs: readonly Budget[]
}

/** Says what was spent and what to type. */
export function outOfBudgetLine({ report }: OutOfBudget, command: string): string {
  return `out of budget: spent ${spentText(report)}; go on with more: ${command}`
}

/** What to add so that the run goes on: as much again of each limit that is reached, or what is missing if that is more. */
export function suggestion({ report, needs }: OutOfBudget): Budget {
  const names = ['tokens', 'costUsd', 'modelCalls'] as const
  const suggested = names.flatMap((name): [string, number][] => {
    const missing = Math.max(0, ...needs.map((each) => each[name] ?? 0))
    if (missing === 0) return []
    const again = Math.max(missing, report?.limit[name] ?? 0)
    return [[name, name === 'costUsd' ? Math.ceil(again * 100) / 100 : again]]
  })
  return Object.fromEntries(suggested)
}

function spentText(report: BudgetReport | undefined): string {
  const { tokens = 0, costUsd = 0, modelCalls = 0 } = report?.spent ?? {}
  const calls = `${modelCalls} model call${modelCalls === 1 ? '' : 's'}`
  const usd = costUsd === 0 ? [] : [`$${costUsd.toFixed(4)}`]
  return [`${tokens.toLocaleString('en-US')} tokens`, ...usd, calls].join(', ')
}
