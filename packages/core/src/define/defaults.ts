import { checkBudgetField, type Budget } from './budget.ts'
import { checkFields } from './check.ts'
import { checkDelegation, type DelegationPolicy } from './delegation.ts'
import { checkOnPermission, type OnPermission } from './permission.ts'

/** Values that hold where neither a call nor a definition says otherwise. Times in milliseconds; 0 is no limit. */
export interface HarnessDefaults {
  readonly runTimeoutMs?: number
  readonly modelTimeoutMs?: number
  readonly toolTimeoutMs?: number
  /** Messages of the session that a model sees; absent: all. */
  readonly historyWindow?: number
  /** Model turns of an agent. */
  readonly maxSteps?: number
  readonly delegation?: DelegationPolicy
  /** What a run may spend. */
  readonly budget?: Budget
  /** How long an approval can be given. */
  readonly approvalTimeoutMs?: number
  /** Answers in this process where the permission of a tool is `ask`. */
  readonly onPermission?: OnPermission
}

/** Defaults with nothing left open but the window, where absence means all. */
export type ResolvedDefaults = Required<Omit<HarnessDefaults, OptionalDefault>> &
  Pick<HarnessDefaults, OptionalDefault>

type OptionalDefault = 'historyWindow' | 'delegation' | 'budget' | 'onPermission'

const builtIn = {
  runTimeoutMs: 600_000,
  modelTimeoutMs: 300_000,
  toolTimeoutMs: 120_000,
  maxSteps: 16,
  approvalTimeoutMs: 0,
} as const

/** Checks and completes the defaults of a harness. */
export function resolveDefaults(what: string, defaults: HarnessDefaults = {}): ResolvedDefaults {
  checkFields(
    `${what}, defaults`,
    { ...defaults },
    {
      runTimeoutMs: 'timeoutMs',
      modelTimeoutMs: 'timeoutMs',
      toolTimeoutMs: 'timeoutMs',
      historyWindow: 'historyWindow',
      maxSteps: 'count',
      approvalTimeoutMs: 'timeoutMs',
    },
  )
  checkOnPermission(`${what}, defaults`, defaults.onPermission)
  if (defaults.delegation !== undefined) checkDelegation(`${what}, defaults`, defaults.delegation, undefined)
  checkBudgetField(`${what}, defaults`, defaults.budget)
  return { ...builtIn, ...defaults }
}
