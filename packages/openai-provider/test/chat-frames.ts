import type { Usage } from '@belay/core/ports'
import { piecesOf, type Frames } from './frames.ts'

const finishReasons = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
}

/** The chat completions protocol as OpenAI streams it. */
export function chatFrames(): Frames {
  let calls = 0
  const chunk = (fields: object): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'test-model', ...fields })}\n\n`
  const delta = (fields: object): string =>
    chunk({ choices: [{ index: 0, delta: fields, finish_reason: null }] })

  return {
    start: () => delta({ role: 'assistant', content: '' }),
    step(step) {
      switch (step.do) {
        case 'text':
          return [delta({ content: step.text })]
        case 'reasoning':
          return [delta({ reasoning_content: step.text })]
        case 'tool-call': {
          const index = calls
          calls += 1
          const [head, ...rest] = piecesOf(step.arguments, step.pieces)
          const first = {
            index,
            id: step.callId,
            type: 'function',
            function: { name: step.name, arguments: head },
          }
          return [first, ...rest.map((piece) => ({ index, function: { arguments: piece } }))].map((call) =>
            delta({ tool_calls: [call] }),
          )
        }
        case 'finish': {
          const end = chunk({ choices: [{ index: 0, delta: {}, finish_reason: finishReasons[step.reason] }] })
          return [
            end,
            ...(step.usage ? [chunk({ choices: [], usage: usage(step.usage) })] : []),
            'data: [DONE]\n\n',
          ]
        }
      }
    },
  }
}

function usage({ inputTokens, cachedInputTokens, outputTokens, reasoningTokens }: Usage) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    ...(cachedInputTokens !== undefined && { prompt_tokens_details: { cached_tokens: cachedInputTokens } }),
    ...(reasoningTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    }),
  }
}
