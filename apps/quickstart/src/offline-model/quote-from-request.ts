import type { ModelRequest } from '@belay/core/ports'
import { userText } from './request-view.ts'
import { passagesOf, readable } from './text/passages.ts'
import { queryOf, rank } from './text/ranking.ts'
import type { Thought } from './thought.ts'

/** The three sentences of the user's message that are nearest to its last line. */
export function quoteFromRequest(request: ModelRequest): Thought {
  const text = userText(request)
  const lines = text.split('\n').map((line, index) => ({ line: index + 1, text: line }))
  const passages = passagesOf(lines).map(({ quote }) => ({ text: quote }))
  const query = queryOf([{ text: lines.at(-1)?.text ?? '', weight: 1 }])
  const best = rank(passages, query).slice(0, 3)
  return { text: best.map(({ item }) => readable(item.text)).join(' ') || 'Nothing was asked.' }
}
