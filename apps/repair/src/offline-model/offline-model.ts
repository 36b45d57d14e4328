import { setImmediate } from 'node:timers/promises'
import { portSpecs, type Model, type ModelPart, type ModelRequest } from '@belay/core/ports'
import { nextThought } from './search.ts'

/**
 * The model that this program ships for use without a key or a network: it searches for a small change that makes the
 * tests pass, and does not reason. It stands behind the same port as any other model and is deterministic.
 */
export function offlineModel(): Model {
  return {
    info: {
      id: 'offline',
      packageName: '@belay/repair',
      version: '1.0.0',
      specs: { model: portSpecs.model },
      capabilities: [],
    },
    provider: 'offline',
    modelId: 'search-1',
    capabilities: ['text', 'tools'],
    generate: answer,
  }
}

async function* answer(
  request: ModelRequest,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<ModelPart, void> {
  await setImmediate()
  signal.throwIfAborted()
  const thought = nextThought(request)
  if ('text' in thought) yield { type: 'text-delta', text: thought.text }
  else {
    // Numbered on through the conversation, so that no id comes twice.
    const earlier = request.messages.flatMap((each) => (each.role === 'tool' ? each.content : [])).length
    for (const [index, { name, arguments: values }] of thought.calls.entries())
      yield {
        type: 'tool-call',
        callId: `call_${earlier + index + 1}`,
        name,
        arguments: JSON.stringify(values),
      }
  }
  yield {
    type: 'finish',
    reason: 'calls' in thought ? 'tool_calls' : 'stop',
    usage: { inputTokens: 0, outputTokens: 0 },
  }
}
