import { fieldOf, type AnsweredCall } from './request-view.ts'
import { passagesOf, readable, type NumberedLine, type Passage } from './text/passages.ts'
import { rank, type Query } from './text/ranking.ts'
import { overlap, stemsOf } from './text/words.ts'

/** A quote with its place, in the form that was asked for. */
export interface QuotedFinding {
  readonly claim: string
  readonly file: string
  readonly line: number
  readonly quote: string
}

const maxFindings = 6
/** Shorter is a fragment, longer is no longer a claim. */
const minLength = 40
const maxLength = 420
/** Against the best one: below this a passage is about something else. */
const minShare = 0.4
/** Two passages that share more than this say the same. */
const sameClaim = 0.75
/** A sentence that begins so is about the one before it. */
const dependent = /^(it|its|this|these|those|they|that|he|she|so|but|and|then|otherwise|such|both|there|neither|nor|or|instead)\b/iu

interface Candidate {
  readonly file: string
  readonly line: number
  readonly quote: string
  readonly text: string
  readonly context: string
}

/** The passages of what was read that answer best. */
export function findingsFrom(calls: readonly AnsweredCall[], query: Query): QuotedFinding[] {
  const candidates = distinctCandidates(calls)
  const ranked = rank(candidates, query)
  const best = ranked[0]?.score ?? 0
  const neededHits = Math.min(2, query.size)
  const chosen: Candidate[] = []
  for (const { item, score, hits } of ranked) {
    if (chosen.length === maxFindings || score < best * minShare || score === 0) break
    if (hits.size < neededHits || chosen.some((other) => isSame(item, other))) continue
    chosen.push(item)
  }
  return chosen.map(({ file, line, quote, text }) => ({ claim: text, file, line, quote }))
}

function distinctCandidates(calls: readonly AnsweredCall[]): Candidate[] {
  const candidates = new Map<string, Candidate>()
  for (const call of calls) {
    if (call.name !== 'read_document' || call.isError) continue
    const file = String(fieldOf(call.output, 'path'))
    for (const passage of passagesOf(linesOf(String(fieldOf(call.output, 'text'))))) {
      const candidate = candidateOf(file, passage)
      if (candidate !== undefined) candidates.set(`${file}:${candidate.line}:${candidate.quote}`, candidate)
    }
  }
  return [...candidates.values()]
}

function linesOf(text: string): NumberedLine[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+)\t(.*)$/.exec(line)
    return match === null ? [] : [{ line: Number(match[1]), text: match[2] ?? '' }]
  })
}

/** A sentence that leans on the one before it is quoted together with that one. */
function candidateOf(file: string, passage: Passage): Candidate | undefined {
  const { before } = passage
  const leans = dependent.test(readable(passage.quote))
  if (leans && before === undefined) return undefined
  const { line } = leans && before !== undefined ? before : passage
  const quote = leans && before !== undefined ? `${before.quote} ${passage.quote}` : passage.quote
  const text = readable(quote)
  const isUsable = text.length >= minLength && quote.length <= maxLength && /\p{L}{3}/u.test(text) && !text.endsWith(':')
  return isUsable ? { file, line, quote, text, context: `${passage.heading} ${file}` } : undefined
}

function isSame(a: Candidate, b: Candidate): boolean {
  const isOverlapping = a.file === b.file && (a.quote.includes(b.quote) || b.quote.includes(a.quote))
  return isOverlapping || overlap(new Set(stemsOf(a.text)), new Set(stemsOf(b.text))) > sameClaim
}
