import type { ModelRequest } from '@belay/core/ports'
import { bestRanges } from './best-ranges.ts'
import { findingsFrom } from './findings.ts'
import { answeredCalls, lineOf, offers, userText } from './request-view.ts'
import { queryOf } from './text/ranking.ts'
import { stem, stemsOf, wordsOf } from './text/words.ts'
import type { Thought } from './thought.ts'

/** More words would find everything. */
const maxWords = 6
/** How much the words of the whole question count beside those of the sub-question. */
const questionWeight = 0.4

/** Reads like a person in a hurry: looks the words up, reads around the best places, quotes what answers. */
export function read(request: ModelRequest): Thought {
  const text = userText(request)
  const subQuestion = lineOf(text, /^Sub-question[^:]*:\s*/)
  const question = lineOf(text, /^Question:\s*/)
  const query = queryOf([
    { text: subQuestion, weight: 1 },
    { text: question, weight: questionWeight },
  ])
  const calls = answeredCalls(request)
  const hasSearched = calls.some(({ name }) => name === 'grep_documents')
  if (!hasSearched && offers(request, 'grep_documents')) {
    const words = wordsToFind(subQuestion, question)
    if (words.length > 0)
      return { calls: words.map((word) => ({ name: 'grep_documents', arguments: { query: word } })) }
  }
  const hasRead = calls.some(({ name }) => name === 'read_document')
  if (!hasRead && offers(request, 'read_document')) {
    const ranges = bestRanges(calls, query)
    if (ranges.length > 0) {
      return {
        calls: ranges.map(({ file, from, to }) => ({
          name: 'read_document',
          arguments: { path: file, from_line: from, to_line: to },
        })),
      }
    }
  }
  return { text: JSON.stringify({ findings: findingsFrom(calls, query) }) }
}

/** Words of the sub-question, then of the question. The search takes parts of words, so each goes without its ending. */
function wordsToFind(subQuestion: string, question: string): string[] {
  const stems = new Set(stemsOf(subQuestion))
  for (const each of stemsOf(question)) if (stems.size < maxWords) stems.add(each)
  const written = new Set([...wordsOf(subQuestion), ...wordsOf(question)])
  return [...stems]
    .slice(0, maxWords)
    .map((each) => ([...written].some((word) => word.startsWith(each)) ? each : stem(each)))
}
