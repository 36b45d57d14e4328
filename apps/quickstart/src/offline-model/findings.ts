import { documentPath } from '../documents/workspace-path.ts'
import { type AnsweredCall, textField, outputText } from './request-view.ts'
import { passagesOf, readable, type NumberedLine, type Passage } from './text/passages.ts'
import { rank, type Query, type Ranked } from './text/ranking.ts'
import { overlap, stemsOf } from './text/words.ts'

/** A quote with its place, in the form that was asked for. */
export interface QuotedFinding {
  readonly claim: string
  readonly file: string
  readonly line: number
  readonly quote: string
}

const maxFindings = 8
/** Shorter is a fragment, longer is no longer a claim. */
const minLength = 40
const maxLength = 420
/** Scores are compared with that of the sixth: the first few may be the sentences that have everything. */
const reference = 5
/** Below this share of it a passage is about something else. */
const minShare = 0.6
/** Two passages that share more than this say the same. */
const sameClaim = 0.75
/** Passages so near to one another are about one thing. */
const nearLines = 6
const neighbourShare = 0.25
const rowFactor = 0.6
/** Characters after which a passage is hard to read as one claim. */
const longLength = 260
/** Characters below which a passage says little by itself, although few words make it look dense. */
const shortLength = 75
/** Share of letters outside code in an ordinary sentence. */
const fullProse = 0.85
/** A sentence that begins so is about the one before it. */
const dependent =
  /^(it|its|this|these|those|they|that|he|she|so|but|and|then|otherwise|such|both|there|neither|nor|or|instead)\b/iu

interface Candidate {
  readonly file: string
  readonly line: number
  readonly quote: string
  readonly text: string
  readonly context: string
  /** The sentences that it is made of. */
  readonly parts: readonly string[]
}

/** The passages of what was read that answer best. */
export function findingsFrom(calls: readonly AnsweredCall[], query: Query): QuotedFinding[] {
  const ranked = withNeighbours(rank(distinctCandidates(calls), query))
  const typical = (ranked[reference] ?? ranked.at(-1))?.score ?? 0
  const neededHits = Math.min(2, query.size)
  const chosen: Candidate[] = []
  for (const { item, score, hits } of ranked) {
    if (chosen.length === maxFindings || score < typical * minShare || score === 0) break
    if (hits.size === 0 || hits.union(headingHits(item, query)).size < neededHits) continue
    if (!chosen.some((other) => isSame(item, other))) chosen.push(item)
  }
  return chosen.map(({ file, line, quote, text }) => ({ claim: text, file, line, quote }))
}

function headingHits({ context }: Candidate, query: Query): ReadonlySet<string> {
  return new Set(stemsOf(context).filter((each) => query.has(each)))
}

/** A passage among others that answer is likelier to answer too; lists of code say little as sentences. */
function withNeighbours(ranked: readonly Ranked<Candidate>[]): Ranked<Candidate>[] {
  return ranked
    .map(({ item, score, hits }) => {
      const near = ranked.filter(
        (other) =>
          other.item !== item &&
          other.item.file === item.file &&
          other.item.context === item.context &&
          Math.abs(other.item.line - item.line) <= nearLines,
      )
      const around = Math.max(0, ...near.map((other) => other.score))
      return { item, hits, score: (score + neighbourShare * around) * proseFactor(item) }
    })
    .sort((a, b) => b.score - a.score)
}

/** How much of a passage is prose: 1 for a sentence, less for rows of a table and lists of names. */
function proseFactor({ quote, text }: Candidate): number {
  const prose = text.replace(/`[^`]*`/g, '').replace(/[^\p{L}\s]/gu, '').length / text.length
  const form = quote.startsWith('|') ? rowFactor : 1
  const length = Math.min(1, longLength / text.length, text.length / shortLength)
  return Math.min(1, prose / fullProse) ** 2 * form * length
}

function distinctCandidates(calls: readonly AnsweredCall[]): Candidate[] {
  const candidates = new Map<string, Candidate>()
  for (const call of calls) {
    if (call.name !== 'read' || call.isError) continue
    const file = documentPath(textField(call.arguments, 'path'))
    for (const passage of wholePassages(call)) {
      const candidate = candidateOf(file, passage)
      if (candidate !== undefined) candidates.set(`${file}:${candidate.line}:${candidate.quote}`, candidate)
    }
  }
  return [...candidates.values()]
}

/** What was read may begin and end within a sentence; such a half is no quotation. */
function wholePassages(call: AnsweredCall): Passage[] {
  const output = outputText(call)
  const lines = linesOf(output)
  const passages = passagesOf(lines)
  const isEndOpen = /\n\[lines [^\n]*\]$/.test(output) && lines.at(-1)?.text.trim() !== ''
  const isStartOpen = (lines[0]?.line ?? 1) > 1 && /^\s*[^\s#|>*+\-\d\p{Lu}]/u.test(lines[0]?.text ?? '')
  return passages.slice(isStartOpen ? 1 : 0, isEndOpen ? -1 : undefined)
}

function linesOf(text: string): NumberedLine[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+)\t(.*)$/.exec(line)
    return match === null ? [] : [{ line: Number(match[1]), text: match[2] ?? '' }]
  })
}

/** A sentence that leans on the one before it is quoted together with that one; on its own it says nothing. */
function candidateOf(file: string, passage: Passage): Candidate | undefined {
  const { before } = passage
  const isLeaning = leans(passage)
  if (isLeaning && (before === undefined || leans(before))) return undefined
  const parts = isLeaning && before !== undefined ? [before, passage] : [passage]
  const quote = parts.map((part) => part.quote).join(' ')
  const text = readable(quote)
  const isUsable =
    text.length >= minLength && quote.length <= maxLength && /\p{L}{3}/u.test(text) && !text.endsWith(':')
  if (!isUsable) return undefined
  const { line } = parts[0] ?? passage
  return {
    file,
    line,
    quote,
    text,
    context: `${passage.heading} ${file}`,
    parts: parts.map((part) => part.quote),
  }
}

function leans({ quote }: Passage): boolean {
  return dependent.test(readable(quote))
}

function isSame(a: Candidate, b: Candidate): boolean {
  const isOverlapping = a.file === b.file && a.parts.some((part) => b.parts.includes(part))
  return isOverlapping || overlap(new Set(stemsOf(a.text)), new Set(stemsOf(b.text))) > sameClaim
}
