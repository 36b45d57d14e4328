import type { Budget } from '../../src/define/budget.ts'
import type { RunHistory } from '../../src/history/fold.ts'
import type { Answers } from './sim-approver.ts'
import type { SimContext } from './sim-context.ts'
import type { World } from './world.ts'

/** How a run may end beside succeeding. */
export type OtherEnd = 'failed' | 'cancelled'

/** A signal as a workflow expects it: by name with a value made from the name, or spelled out. */
export type SignalSpec = string | { readonly name: string; readonly value: unknown; readonly key?: string }

/** A workflow of the sweep with what must hold for it. */
export interface Workflow {
  run(context: SimContext): Promise<unknown>
  /** Signals that it needs. */
  readonly signals?: readonly SignalSpec[]
  /** How its approvals are answered. */
  readonly answers?: Answers
  /** The signals always come within the first so many milliseconds. */
  readonly sendWithin?: number
  /** How often a failed run is resumed. */
  readonly resumes?: number
  /** Other ends that are right. */
  readonly may?: readonly OtherEnd[]
  /** This effect must have happened before a signal is needed. */
  readonly needs?: string
  /** Time limit of the run. */
  readonly timeoutMs?: number
  readonly budget?: Budget
  /** What the budget is extended by whenever the run has used it up, and once at a random moment before. */
  readonly extendBy?: Budget
  /** Cancelled at a random moment of the first so many milliseconds. */
  readonly cancelWithin?: number
  /** Whether an output is right; without it, it must be the one of an undisturbed run. */
  readonly check?: (output: unknown, world: World) => boolean
  /** More that must hold at the end; says what does not. */
  readonly verify?: (history: RunHistory, world: World) => string | undefined
}

/** Workflows by name. */
export type Workflows = Readonly<Record<string, Workflow>>
