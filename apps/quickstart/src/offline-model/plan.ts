import type { ModelRequest } from '@belay/core/ports'
import { lineOf, userText } from './request-view.ts'
import { queryOf, rank } from './text/ranking.ts'
import { overlap, stemsOf } from './text/words.ts'
import type { Thought } from './thought.ts'

/** Two clauses of a question leave room for what its writer did not think of. */
const fewest = 4
const most = 5
/** Two sub-questions that share more than this ask the same. */
const sameSubject = 0.7

/** Splits the question at its joints, and adds the subjects of the documents that are nearest to it. */
export function plan(request: ModelRequest): Thought {
  const text = userText(request)
  const question = lineOf(text, /^Question:\s*/)
  const questions = clausesOf(question).slice(0, most)
  for (const subject of nearestSubjects(text, question)) {
    if (questions.length >= most) break
    if (questions.length >= fewest && !subject.isClose) continue
    if (!isCovered(subject.text, questions))
      questions.push(`What do the documents say about "${subject.text}"?`)
  }
  for (const filler of [
    question,
    `Which limits and exceptions are named: ${question}`,
    `Which examples are given: ${question}`,
  ]) {
    if (questions.length < fewest && !questions.includes(filler)) questions.push(filler)
  }
  return { text: JSON.stringify({ questions }) }
}

/** Parts that were put together with "and how", "; what" or a question mark. */
function clausesOf(question: string): string[] {
  const parts = question
    .split(/(?<=\?)\s+|;\s*|,?\s+and\s+(?=(?:how|what|which|when|where|why|who|does|do|is|are|can)\b)/iu)
    .map((part) => part.trim().replace(/[?.,;]+$/, ''))
    .filter((part) => stemsOf(part).length >= 2)
  return parts.length === 0 ? [] : parts.map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}?`)
}

/** Headings by their nearness to the question; a heading without a word of it does not count. */
function nearestSubjects(
  text: string,
  question: string,
): { readonly text: string; readonly isClose: boolean }[] {
  const headings = text
    .split('\n')
    .map((line) => /^- (\S.*?) \(\d+ lines\): (.*)$/.exec(line))
    .flatMap((match) =>
      (match?.[2] ?? '')
        .split('; ')
        .map((heading) => ({ text: cleaned(heading), context: match?.[1] ?? '' })),
    )
    .filter((heading) => stemsOf(heading.text).length > 0)
  return rank(headings, queryOf([{ text: question, weight: 1 }]))
    .filter(({ hits }) => hits.size > 0)
    .map(({ item, hits }) => ({ text: item.text, isClose: hits.size > 1 }))
}

/** A heading without its number, code marks and what would break the quotation. */
function cleaned(heading: string): string {
  return heading
    .replace(/^[\d.]+\s+/, '')
    .replace(/["`*]/g, '')
    .trim()
}

function isCovered(subject: string, questions: readonly string[]): boolean {
  const stems = new Set(stemsOf(subject))
  return questions.some(
    (question) => overlap(stems, new Set(stemsOf(question))) > sameSubject && stems.size > 1,
  )
}
