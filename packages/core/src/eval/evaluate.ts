import { checkOptions } from '../define/check.ts'
import { HarnessError } from '../errors/harness-error.ts'
import { serializeError } from '../errors/serialize.ts'
import { cancelled } from '../run/signal.ts'
import { byRank, candidateResult, meanOf, type CandidateResult, type ItemResult } from './ranking.ts'
import { noScore, type Sample, type Score, type Scorer } from './scorer.ts'

/** What a run of an evaluation gets beside candidate and item. */
export interface EvaluateContext {
  /** Position in `items`. */
  readonly index: number
  readonly signal: AbortSignal
}

/** What `evaluate` takes. */
export interface EvaluateInit<Candidate extends { readonly id: string }, Item> {
  /** What is compared: models, prompts, versions of an agent. Ids are unique. */
  readonly candidates: readonly Candidate[]
  readonly items: readonly Item[]
  /** Gives the output of a candidate for an item. What it throws scores 0. */
  readonly run: (candidate: Candidate, item: Item, context: EvaluateContext) => unknown
  readonly scorers: readonly Scorer<NoInfer<Item>>[]
  /** Runs at once. Default 1. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
}

/** How the candidates did. */
export interface Evaluation {
  /** The best first: by mean, pass rate, id. */
  readonly candidates: readonly CandidateResult[]
}

/**
 * Runs every candidate with every item, candidate by candidate and item by item, scores the outputs and ranks the
 * candidates. An abort ends it at once as `operation/cancelled`; runs under way see the signal.
 */
export async function evaluate<Candidate extends { readonly id: string }, Item>(
  init: EvaluateInit<Candidate, Item>,
): Promise<Evaluation> {
  checkInit(init)
  const signal = init.signal ?? new AbortController().signal
  const tasks = init.candidates.flatMap((candidate) =>
    init.items.map((item, index) => ({ candidate, item, index })),
  )
  const results: ItemResult[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < tasks.length && !signal.aborted) {
      const position = next++
      const task = tasks[position]
      if (task !== undefined)
        results[position] = await judge(init, { ...task, context: { index: task.index, signal } })
    }
  }
  try {
    const lanes = Math.min(init.concurrency ?? 1, tasks.length)
    await untilAborted(signal, () => Promise.all(Array.from({ length: lanes }, lane)))
  } finally {
    await Promise.all(init.scorers.map(async (scorer) => scorer.close?.()))
  }
  const count = init.items.length
  const candidates = init.candidates.map(({ id }, at) =>
    candidateResult(id, results.slice(at * count, (at + 1) * count)),
  )
  return { candidates: candidates.toSorted(byRank) }
}

function checkInit(init: {
  readonly candidates: readonly { readonly id: string }[]
  readonly items: readonly unknown[]
  readonly scorers: readonly unknown[]
}): void {
  const { candidates, items, scorers } = init
  for (const [field, list] of Object.entries({ candidates, items, scorers }))
    if (!Array.isArray(list) || list.length === 0) refuse(field, `evaluate needs at least one of ${field}.`)
  const ids = new Set<string>()
  for (const { id } of candidates) {
    if (typeof id !== 'string' || ids.has(id)) refuse('candidates', 'Each candidate needs an id of its own.')
    ids.add(id)
  }
  checkOptions('evaluate', { ...init }, { concurrency: 'count', signal: 'signal' })
}

function refuse(field: string, message: string): never {
  throw new HarnessError({ code: 'validation/eval_input', message, meta: { field } })
}

interface Task<Candidate, Item> {
  readonly candidate: Candidate
  readonly item: Item
  readonly index: number
  readonly context: EvaluateContext
}

async function judge<Candidate extends { readonly id: string }, Item>(
  { run, scorers }: EvaluateInit<Candidate, Item>,
  { candidate, item, index, context }: Task<Candidate, Item>,
): Promise<ItemResult> {
  let output: unknown
  try {
    output = await run(candidate, item, context)
  } catch (thrown) {
    const error = serializeError(thrown)
    const failed = noScore(`the run failed: ${error.code ?? error.name}`)
    const scores = scorers.map((scorer) => ({ scorer: scorer.name, ...failed }))
    return { index, score: 0, passed: false, scores, error }
  }
  const scores = []
  for (const scorer of scorers) {
    const score = await scoreWith(scorer, { candidateId: candidate.id, item, output }, context.signal)
    scores.push({ scorer: scorer.name, ...score })
  }
  const passed = scores.every((score) => score.passed)
  return { index, score: meanOf(scores.map(({ score }) => score)), passed, scores, output }
}

/** A scorer is user code: what it throws, and a number that is no score, count as 0. */
async function scoreWith<Item>(
  scorer: Scorer<Item>,
  sample: Sample<Item>,
  signal: AbortSignal,
): Promise<Score> {
  try {
    const score = await scorer.score(sample, { signal })
    if (score.score >= 0 && score.score <= 1) return score
    return noScore('the scorer gave no number from 0 to 1')
  } catch (error) {
    const { code, name } = serializeError(error)
    return noScore(`the scorer failed: ${code ?? name}`)
  }
}

async function untilAborted(signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  const stopped = Promise.withResolvers<never>()
  const onAbort = (): void =>
    stopped.reject(cancelled('call', 'The evaluation was cancelled.', signal.reason))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race(signal.aborted ? [stopped.promise] : [stopped.promise, work()])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
