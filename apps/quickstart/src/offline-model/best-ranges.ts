import { documentPath } from '../documents/workspace-path.ts'
import { outputText, type AnsweredCall } from './request-view.ts'
import type { Query } from './text/ranking.ts'
import { stemsOf } from './text/words.ts'

/** Lines of one document to read. */
export interface LineRange {
  readonly file: string
  readonly from: number
  readonly to: number
}

interface Hit {
  readonly file: string
  readonly line: number
  readonly stems: ReadonlySet<string>
}

const maxRanges = 7
const maxRangesPerFile = 2
/** A paragraph before the hit gives it its subject; what follows explains it. */
const linesBefore = 10
const linesAfter = 18

/** The places where the most and the rarest words of the query stand together. */
export function bestRanges(calls: readonly AnsweredCall[], query: Query): LineRange[] {
  const hits = hitsOf(calls)
  const worth = worthOf(hits, query)
  const scored = hits
    .map((hit) => ({ hit, score: scoreAround(hit, hits, worth) }))
    .sort((a, b) => b.score - a.score || compare(a.hit, b.hit))
  const ranges: LineRange[] = []
  for (const { hit } of scored) {
    if (ranges.length === maxRanges) break
    const own = ranges.filter(({ file }) => file === hit.file)
    if (own.length >= maxRangesPerFile) continue
    if (own.some(({ from, to }) => hit.line >= from && hit.line <= to)) continue
    ranges.push({ file: hit.file, from: Math.max(1, hit.line - linesBefore), to: hit.line + linesAfter })
  }
  return ranges
}

/** One hit for each line that any search found. */
function hitsOf(calls: readonly AnsweredCall[]): Hit[] {
  const hits = new Map<string, Hit>()
  for (const call of calls) {
    if (call.name !== 'grep' || call.isError) continue
    for (const match of outputText(call).matchAll(/^(\/.+?):(\d+): (.*)$/gm)) {
      const [, path = '', number = '', text = ''] = match
      const hit = { file: documentPath(path), line: Number(number), stems: new Set(stemsOf(text)) }
      hits.set(`${hit.file}:${number}`, hit)
    }
  }
  return [...hits.values()]
}

/** Rare words tell more. */
function worthOf(hits: readonly Hit[], query: Query): Map<string, number> {
  const worth = new Map<string, number>()
  for (const [stem, weight] of query) {
    const frequency = hits.filter(({ stems }) => stems.has(stem)).length
    if (frequency > 0) worth.set(stem, weight * Math.log(1 + hits.length / frequency))
  }
  return worth
}

/** What stands in the line counts in full, what stands near it half. */
function scoreAround(hit: Hit, hits: readonly Hit[], worth: ReadonlyMap<string, number>): number {
  let score = 0
  for (const [stem, value] of worth) {
    if (hit.stems.has(stem)) score += value
    else if (hits.some((other) => isNear(hit, other) && other.stems.has(stem))) score += value / 2
  }
  return score
}

function isNear(hit: Hit, other: Hit): boolean {
  return hit.file === other.file && Math.abs(hit.line - other.line) <= 6
}

function compare(a: Hit, b: Hit): number {
  return a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1
}
