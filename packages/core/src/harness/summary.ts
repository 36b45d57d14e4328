import { readAll } from '../feed/read.ts'
import { runStream } from '../feed/streams.ts'
import { budgetReport, type BudgetReport } from './budget-report.ts'
import { foldRun, type RunState } from '../history/fold.ts'
import type { ErrorRecord } from '../errors/serialize.ts'
import { notFound } from '../run/commands.ts'
import { requireHead } from './lookup.ts'
import type { Engine } from '../run/engine.ts'

/** What a run did so far. Counts are of recorded results; tokens are sums of recorded usage, never estimated. */
export interface RunSummary {
  readonly runId: string
  readonly state: RunState
  readonly attempt: number
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Absent while the run executes or waits. */
  readonly finishedAt?: number
  /** Milliseconds under a lease, over all attempts that have ended. */
  readonly activeMs: number
  readonly steps: number
  readonly modelCalls: number
  readonly toolCalls: number
  readonly agentCalls: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** Present when the run has a budget. */
  readonly budget?: BudgetReport
  readonly error?: ErrorRecord
}

/** The summary of a run of one session; what belongs to another one is not shown. */
export async function sessionSummary(engine: Engine, sessionId: string, runId: string): Promise<RunSummary> {
  const head = await requireHead(engine, runId)
  if (head.sessionId !== sessionId) throw notFound(runId)
  return runSummary(engine, runId)
}

/** Folds the journal of one run into counts. */
export async function runSummary(engine: Engine, runId: string): Promise<RunSummary> {
  const entries = await readAll(engine.journal, runStream(runId))
  const history = foldRun(entries)
  if (history === undefined) throw notFound(runId)
  const count = (type: string): number => history.results.filter((entry) => entry.type === type).length
  const usage = history.results.map((entry) => entry.data.label?.usage ?? {})
  const { finished } = history
  const last = entries.at(-1)
  return {
    runId,
    state: history.state,
    attempt: history.attempt,
    startedAt: history.startedAt,
    activeMs: history.activeMs,
    steps: count('step.finished'),
    modelCalls: count('model.finished'),
    toolCalls: count('tool.finished'),
    agentCalls: count('agent.finished'),
    inputTokens: usage.reduce((sum, { inputTokens = 0 }) => sum + inputTokens, 0),
    outputTokens: usage.reduce((sum, { outputTokens = 0 }) => sum + outputTokens, 0),
    ...(history.budget !== undefined && { budget: budgetReport(history.budget, history.activeMs) }),
    ...(finished !== undefined && last !== undefined && { finishedAt: last.at }),
    ...(finished !== undefined && finished.outcome !== 'succeeded' && { error: finished.error }),
  }
}
