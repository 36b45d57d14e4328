import type { Usage } from '@belay/core/ports'
import { piecesOf, type Frames } from './frames.ts'

const incomplete = {
  length: 'max_output_tokens',
  content_filter: 'content_filter',
  stop: undefined,
  tool_calls: undefined,
}

/** The responses protocol as OpenAI streams it. */
export function responsesFrames(): Frames {
  let sequence = 0
  let items = 0
  /** The item that deltas go to, and how it is closed. */
  let open:
    { readonly type: 'message' | 'reasoning'; readonly id: string; readonly index: number } | undefined
  const base = { id: 'resp_1', object: 'response', created_at: 1, model: 'test-model' }

  const event = (type: string, fields: object): string => {
    sequence += 1
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...fields })}\n\n`
  }
  const close = (): readonly string[] => {
    if (!open) return []
    const { type, id, index } = open
    open = undefined
    const item =
      type === 'message'
        ? { type, id, role: 'assistant', content: [] }
        : { type, id, summary: [], encrypted_content: 'sealed' }
    return [event('response.output_item.done', { output_index: index, item })]
  }
  const into = (type: 'message' | 'reasoning'): readonly string[] => {
    if (open?.type === type) return []
    const closing = close()
    open = { type, id: `item_${items}`, index: items }
    items += 1
    const item =
      type === 'message'
        ? { type, id: open.id, role: 'assistant', content: [] }
        : { type, id: open.id, summary: [] }
    const added = event('response.output_item.added', { output_index: open.index, item })
    if (type === 'message') return [...closing, added]
    return [
      ...closing,
      added,
      event('response.reasoning_summary_part.added', {
        item_id: open.id,
        output_index: open.index,
        summary_index: 0,
      }),
    ]
  }

  return {
    start: () =>
      event('response.created', { response: { ...base, status: 'in_progress' } }) +
      event('response.in_progress', { response: { ...base, status: 'in_progress' } }),
    step(step) {
      switch (step.do) {
        case 'text':
          return [
            ...into('message'),
            event('response.output_text.delta', {
              item_id: open?.id,
              output_index: open?.index,
              content_index: 0,
              delta: step.text,
            }),
          ]
        case 'reasoning':
          return [
            ...into('reasoning'),
            event('response.reasoning_summary_text.delta', {
              item_id: open?.id,
              output_index: open?.index,
              summary_index: 0,
              delta: step.text,
            }),
          ]
        case 'tool-call': {
          const closing = close()
          const index = items
          items += 1
          const id = `item_${index}`
          const item = { type: 'function_call', id, call_id: step.callId, name: step.name }
          return [
            ...closing,
            event('response.output_item.added', {
              output_index: index,
              item: { ...item, arguments: '', status: 'in_progress' },
            }),
            ...piecesOf(step.arguments, step.pieces).map((delta) =>
              event('response.function_call_arguments.delta', { item_id: id, output_index: index, delta }),
            ),
            event('response.function_call_arguments.done', {
              item_id: id,
              output_index: index,
              arguments: step.arguments,
            }),
            event('response.output_item.done', {
              output_index: index,
              item: { ...item, arguments: step.arguments, status: 'completed' },
            }),
          ]
        }
        case 'finish': {
          const reason = incomplete[step.reason]
          const type = reason ? 'response.incomplete' : 'response.completed'
          const status = reason ? 'incomplete' : 'completed'
          const details = reason ? { reason } : null
          const response = {
            ...base,
            status,
            incomplete_details: details,
            usage: step.usage ? usage(step.usage) : null,
          }
          return [...close(), event(type, { response })]
        }
      }
    },
  }
}

function usage({ inputTokens, cachedInputTokens, outputTokens, reasoningTokens }: Usage) {
  return {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    ...(cachedInputTokens !== undefined && { input_tokens_details: { cached_tokens: cachedInputTokens } }),
    ...(reasoningTokens !== undefined && { output_tokens_details: { reasoning_tokens: reasoningTokens } }),
  }
}
