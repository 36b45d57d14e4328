import { findInvalid, invalidDefinition, type FieldRule } from './check.ts'

/** What a run may spend, with everything that it asks for: its children, fan-outs and model calls. Absent: no limit. */
export interface Budget {
  /** Input and output tokens of all model calls. */
  readonly tokens?: number
  /** US dollars, by the prices of the model aliases. */
  readonly costUsd?: number
  /** Requests to models, each attempt counted. */
  readonly modelCalls?: number
  /** Milliseconds under a lease, over all attempts; looked at before each model call. */
  readonly wallMs?: number
}

/** What `runs.extend` adds to the limits of a run. */
export interface BudgetExtension extends Budget {
  /** Milliseconds more for the run's `timeoutMs`. */
  readonly timeoutMs?: number
}

/** What a model's tokens cost in US dollars per million. */
export interface TokenPrices {
  readonly inputUsdPerMTok: number
  readonly outputUsdPerMTok: number
  /** Input that the provider read from its cache. Default: the price of input. */
  readonly cachedInputUsdPerMTok?: number
}

const budgetRules = { tokens: 'count', costUsd: 'positive', modelCalls: 'count', wallMs: 'positive' } as const

/** Tells `refuse` what is wrong with a budget. A misspelled limit would be no limit, so unknown names are refused. */
export function checkBudget(budget: Budget | undefined, refuse: (field: string, why: string) => never): void {
  check(budget, budgetRules, (field, why) => refuse(field === undefined ? 'budget' : `budget.${field}`, why))
}

/** Checks the budget of a definition or of the defaults. Throws `config/definition`. */
export function checkBudgetField(what: string, budget: Budget | undefined): void {
  checkBudget(budget, (field, why) => invalidDefinition(`${what}: ${field} is not valid: ${why}`))
}

/** Tells `refuse` what is wrong with an extension. */
export function checkExtension(more: BudgetExtension, refuse: (field: string, why: string) => never): void {
  const rules = { ...budgetRules, timeoutMs: 'positive' } as const
  check(more ?? null, rules, (field, why) => refuse(field ?? 'more', why))
  if (Object.values(more).every((value) => value === undefined)) {
    refuse('more', 'name at least one limit and how much to add to it')
  }
}

function check(
  value: object | null | undefined,
  rules: Readonly<Record<string, FieldRule>>,
  /** Without a field: the whole is none. */
  refuse: (field: string | undefined, why: string) => never,
): void {
  if (value === undefined) return
  if (typeof value !== 'object' || value === null) {
    refuse(undefined, `pass an object with ${Object.keys(rules).join(', ')}`)
  }
  const unknown = Object.keys(value).find((name) => !(name in rules))
  if (unknown !== undefined) refuse(unknown, `the limits are ${Object.keys(rules).join(', ')}`)
  const found = findInvalid({ ...value }, rules)
  if (found !== undefined) refuse(found.field, found.why)
}

/** The budget of one run: each limit from the first that sets it. `undefined`: no limit at all. */
export function budgetOf(...budgets: readonly (Budget | undefined)[]): Budget | undefined {
  let merged: Budget | undefined
  for (const budget of budgets) if (budget !== undefined) merged = { ...defined(budget), ...merged }
  return merged === undefined || Object.keys(merged).length === 0 ? undefined : merged
}

function defined(budget: Budget): Budget {
  return Object.fromEntries(Object.entries(budget).filter(([, value]) => value !== undefined))
}
