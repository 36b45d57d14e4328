import type { ModelRequest } from '@belay/core/ports'
import { bestRanges } from './best-ranges.ts'
import { workspacePath } from '../documents/workspace-path.ts'
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
  const hasSearched = calls.some(({ name }) => name === 'grep')
  if (!hasSearched && offers(request, 'grep')) {
    const words = wordsToFind(subQuestion, question)
    if (words.length > 0)
      return {
        calls: patternsFor(words).map((pattern) => ({
          name: 'grep',
          arguments: { pattern, ignoreCase: true },
        })),
      }
  }
  const hasRead = calls.some(({ name }) => name === 'read')
  if (!hasRead && offers(request, 'read')) {
    const ranges = bestRanges(calls, query)
    if (ranges.length > 0) {
      return {
        calls: ranges.map(({ file, from, to }) => ({
          name: 'read',
          arguments: { path: workspacePath(file), offset: from, limit: to - from + 1 },
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

/**
 * A search ends after some matches, and a frequent word would fill it from the first documents alone. So lines with two
 * of the words are searched for as well.
 */
function patternsFor(words: readonly string[]): string[] {
  const pairs = words.map((word) => `${word}.*(?:${words.filter((other) => other !== word).join('|')})`)
  return words.length < 2 ? [...words] : [...words, pairs.join('|')]
}
