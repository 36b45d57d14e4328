import type { Message, Model } from '@belay/core/ports'
import { scriptedModel, textTurn, toolCallTurn } from '@belay/testing'

/**
 * A model for agents whose prompt is their own key in the journal: it asks for the tool `look` twice at once and
 * then answers. So each of its turns can be told by the key under which it is recorded.
 */
export function workerModel(witness: (key: string) => void): Model {
  return scriptedModel(({ messages }) => {
    const key = promptOf(messages)
    const hasResults = messages.at(-1)?.role === 'tool'
    witness(`${key}/model-${hasResults ? 2 : 1}`)
    if (hasResults) return textTurn(`answer of ${key}`)
    return toolCallTurn([
      { name: 'look', arguments: { topic: key } },
      { name: 'look', arguments: { topic: `${key}, again` } },
    ])
  })
}

function promptOf(messages: readonly Message[]): string {
  const user = messages.findLast((message) => message.role === 'user')
  const [part] = user?.content ?? []
  return part?.type === 'text' ? part.text : ''
}
