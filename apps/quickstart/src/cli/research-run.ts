import {
  defineHarness,
  type Approval,
  type Budget,
  type BudgetReport,
  type RunEvent,
  type RunHandle,
  type TokenPrices,
} from '@belay/core'
import type { Model } from '@belay/core/ports'
import { localWorkspace } from '@belay/local-sandbox'
import { sqliteStore } from '@belay/local-sqlite'
import { researchInputSchema, researchOutputSchema, type ResearchOutput } from '../research/schemas.ts'
import { researchWorkflow, type ResearchEffects } from '../research/workflow.ts'
import { workspacesOf, type Job } from './job.ts'
import { limitedModel } from './limited-model.ts'

/** A run under way, or one that has ended. */
export interface OpenRun {
  readonly id: string
  readonly isNew: boolean
  readonly isFinished: boolean
  /** Steps, model calls and tool calls that were recorded before. */
  readonly recorded: number
  readonly attempt: number
  readonly result: Promise<ResearchOutput>
  events(): AsyncIterable<RunEvent>
}

/** The harness of this job over one database. */
export interface Research {
  isKnown(runId: string): Promise<boolean>
  /** The folder that a known run writes its report to. */
  outOf(runId: string): Promise<string>
  /** Starts a job, or goes on with the run that has its id. */
  start(job: Job): Promise<OpenRun>
  /** Goes on with a known run by its id alone; its input is in the database. */
  goOn(runId: string): Promise<OpenRun>
  /** Adds to the budget of a run. */
  extend(runId: string, more: Budget): Promise<void>
  /** Where the budget of a run stands, if it has one. */
  budgetOf(runId: string): Promise<BudgetReport | undefined>
  /** What a run asks and nobody has answered. */
  asks(runId: string): Promise<readonly Approval[]>
  /** Answers everything that a run asks; false when it asks nothing. */
  answer(runId: string, decision: 'allow' | 'deny'): Promise<boolean>
  /** Stops what executes, which leaves the run resumable. May be called twice. */
  close(): Promise<void>
}

/**
 * Whether the copy of the documents outlives the process. Elsewhere it is in memory: the same report, but a run that was
 * interrupted after its copy cannot go on.
 */
export const keepsFiles = process.platform === 'linux'

/** What nothing was recorded of. */
const nothing = { recorded: 0, attempt: 0, isFinished: false }

export function openResearch(init: {
  readonly db: string
  readonly model: Model
  readonly prices: TokenPrices | undefined
  readonly effects: ResearchEffects
}): Research {
  let isLimited = false
  const model = limitedModel(init.model, () => isLimited)
  const harness = defineHarness({
    name: 'quickstart',
    models: { research: { model, ...(init.prices !== undefined && { prices: init.prices }) } },
    workflows: { research: researchWorkflow(init.effects) },
    store: sqliteStore({ file: init.db }),
    ...(keepsFiles && localWorkspace({ root: workspacesOf(init.db) })),
    requires: ['store.persistent'],
  })

  const before = async (runId: string) => {
    const known = await harness.runs.get(runId)
    if (known === undefined) return { ...nothing, isNew: true }
    const { steps, modelCalls, toolCalls, attempt, budget } = await harness.runs.summary(runId)
    isLimited = budget !== undefined
    const isFinished = known.state === 'succeeded'
    return { isNew: false, isFinished, attempt, recorded: steps + modelCalls + toolCalls }
  }

  const opened = (handle: RunHandle, known: Awaited<ReturnType<typeof before>>): OpenRun => {
    // Asked for at once, because asking is what keeps the process alive until there is one.
    const result = handle.result.then((output) => researchOutputSchema.parse(output))
    result.catch(() => undefined)
    return { id: handle.id, ...known, attempt: known.attempt + 1, result, events: () => handle.events() }
  }

  return {
    isKnown: async (runId) => (await harness.runs.get(runId)) !== undefined,
    outOf: async (runId) => {
      const { value: started } = await harness.runs.events(runId).next()
      return researchInputSchema.parse(started?.type === 'run.started' ? started.input.value : undefined).out
    },
    start: async ({ runId, folder, question, out, place, budget, ask }) => {
      const known = await before(runId)
      isLimited ||= budget !== undefined
      // One session per run: runs of different questions share no history and may execute at once.
      const session = await harness.getSession(`research/${runId}`)
      const input = { folder, question, out, ...(ask && { ask }) }
      const handle = await session.workflows.research.start(input, {
        durable: { runId },
        metadata: place,
        ...(budget !== undefined && { budget }),
      })
      return opened(handle, known)
    },
    goOn: async (runId) => {
      const known = await before(runId)
      return opened(await harness.runs.resume(runId), known)
    },
    extend: (runId, more) => harness.runs.extend(runId, more),
    budgetOf: async (runId) => (await harness.runs.summary(runId)).budget,
    asks: (runId) => harness.approvals.list({ runId }),
    answer: async (runId, decision) => {
      const open = await harness.approvals.list({ runId })
      for (const approval of open) await harness.approvals.resolve(approval, { decision, by: 'quickstart' })
      return open.length > 0
    },
    close: () => harness.shutdown(),
  }
}
