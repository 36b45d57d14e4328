import { DocumentError } from './document-error.ts'
import type { DocumentPlace } from './document-place.ts'
import { readDocument } from './document-text.ts'
import { withPattern, type LineMatcher } from './pattern-worker-client.ts'

/** A line that matched. */
interface LineMatch {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** What to search for and where. */
export interface SearchInit {
  readonly place: DocumentPlace
  readonly files: readonly string[]
  readonly query: string
  readonly isRegex: boolean
  readonly signal: AbortSignal
}

/** What was found; `total` counts all matching lines, shown or not. */
export interface SearchResult {
  readonly matches: readonly LineMatch[]
  readonly total: number
  readonly isCut: boolean
}

/** More than a model wants to read; the rest is counted. */
const maxMatches = 100
const maxMatchesPerFile = 12
const maxLineLength = 300
const maxQueryLength = 200

/** Searches lines without regard to case. A regular expression runs in a thread under a time limit. */
export async function searchDocuments(init: SearchInit): Promise<SearchResult> {
  const { query, isRegex, signal } = init
  if (query.trim() === '') throw new DocumentError('The text to search for is empty.')
  if (query.length > maxQueryLength)
    throw new DocumentError(`The text to search for has more than ${maxQueryLength} characters.`)
  if (isRegex) return withPattern(query, signal, (match) => searchWith(init, match))
  return searchWith(init, async (lines) => literal(query, lines))
}

async function searchWith({ place, files, signal }: SearchInit, match: LineMatcher): Promise<SearchResult> {
  const matches: LineMatch[] = []
  let total = 0
  for (const path of files) {
    signal.throwIfAborted()
    const document = await readDocument(place, path).catch(ignoreUnreadable)
    if (document === undefined) continue
    const indexes = await match(document.lines)
    total += indexes.length
    for (const index of indexes.slice(0, maxMatchesPerFile)) {
      if (matches.length === maxMatches) break
      matches.push({ file: path, line: index + 1, text: clip(document.lines[index] ?? '') })
    }
  }
  return { matches, total, isCut: total > matches.length }
}

function literal(query: string, lines: readonly string[]): number[] {
  const wanted = query.toLowerCase()
  const found: number[] = []
  for (const [index, line] of lines.entries()) if (line.toLowerCase().includes(wanted)) found.push(index)
  return found
}

/** A file that vanished since the survey has no matches. */
function ignoreUnreadable(error: unknown): undefined {
  if (!(error instanceof DocumentError)) throw error
  return undefined
}

function clip(text: string): string {
  return text.length > maxLineLength ? `${text.slice(0, maxLineLength)}…` : text
}
