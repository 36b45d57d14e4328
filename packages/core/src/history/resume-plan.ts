import type { FailureLink, ResultData } from './event.ts'
import { chainOf, type ResultEntry, type RunHistory } from './fold.ts'

/** What a resume of a failed run takes out of its history, or why it cannot be resumed. */
export type ResumePlan =
  | { readonly resumable: true; readonly voided: readonly number[] }
  | { readonly resumable: false; readonly reason: 'no_recorded_failure' | 'handled' | 'once' }

/**
 * Decides what must be forgotten so that a failed run can go on: the failure that escaped, every scope end
 * that carried it, every later failure after which its scope asked for nothing, and the failed attempts of
 * those steps. Voiding the step alone would throw the recorded end of its scope again for ever.
 *
 * It is refused when somebody handled the failure, that is when the scope that received it (or a link of
 * it) asked for anything afterwards: what was done in answer cannot be undone by forgetting the cause.
 */
export function planResume(history: RunHistory): ResumePlan {
  const chain = chainOf(history.finished)
  const origin = chain[0]
  if (origin === undefined) return { resumable: false, reason: 'no_recorded_failure' }
  const links = new Set(chain.map((link) => link.position))
  const first = history.results.find((entry) => entry.position === origin.position)
  if (first?.data.once === true && first.data.reconcilable !== true)
    return { resumable: false, reason: 'once' }
  const asks = asksOutside(history, links)
  if (asks.some((ask) => isAfterSome(ask, chain))) return { resumable: false, reason: 'handled' }

  const voided = new Set(links)
  const forgetAttempts = (data: ResultData): void => {
    // The intent of a `once` effect stays, so that its step asks `reconcile` instead of running again.
    if (data.once === true) return
    for (const position of history.partial.get(data.key)?.positions ?? []) voided.add(position)
  }
  if (first !== undefined) forgetAttempts(first.data)
  for (const entry of history.results) {
    if (entry.position <= origin.position || links.has(entry.position) || !isUnansweredFailure(entry, asks))
      continue
    voided.add(entry.position)
    forgetAttempts(entry.data)
  }
  return { resumable: true, voided: [...voided].sort((a, b) => a - b) }
}

interface Ask {
  readonly key: string
  readonly scope: string
  readonly after: number
  readonly seen?: number
}

function asksOutside(history: RunHistory, links: ReadonlySet<number>): Ask[] {
  const results = history.results.filter((entry) => !links.has(entry.position)).map((entry) => entry.data)
  return [...results, ...history.partial.values()]
}

function isAfterSome(ask: Ask, chain: readonly FailureLink[]): boolean {
  return chain.some((link) => isAnswer(ask, link))
}

/** Whether something was asked for in a scope after that scope had received what stands at a position. */
function isAnswer(ask: Ask, received: FailureLink): boolean {
  if (!isUnder(ask.key, received.scope)) return false
  // Engine code takes its results before user code of other scopes gets theirs, so its own count decides.
  const known = ask.scope === received.scope ? Math.max(ask.after, ask.seen ?? 0) : ask.after
  return known >= received.position
}

/** A failure whose scope asked for nothing after it: recorded later, of a sibling that failed beside the first. */
function isUnansweredFailure({ data, position }: ResultEntry, asks: readonly Ask[]): boolean {
  if (data.status !== 'failed' || data.once === true) return false
  return !asks.some((ask) => ask !== data && isAnswer(ask, { position, scope: data.scope }))
}

function isUnder(key: string, scope: string): boolean {
  return scope === '' || key.startsWith(`${scope}/`)
}
