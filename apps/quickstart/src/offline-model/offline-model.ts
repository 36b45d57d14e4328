import { setImmediate } from 'node:timers/promises'
import { portSpecs, type Model, type ModelPart, type ModelRequest } from '@belay/core/ports'
import { extractiveMind } from './extractive-mind.ts'
import type { Mind, Thought } from './thought.ts'

/** Characters of one delta: about what a language model sends at once. */
const deltaLength = 48

/**
 * The model that the quickstart ships for use without a key or a network: extractive and deterministic. It gets
 * a request like any other model, asks for tools, and quotes what they gave. It does not reason. Its token counts
 * are words and marks as it counts them itself.
 */
export function offlineModel(mind: Mind = extractiveMind): Model {
  return {
    info: {
      id: 'offline',
      packageName: '@belay/quickstart',
      version: '1.0.0',
      specs: { model: portSpecs.model },
      capabilities: [],
    },
    provider: 'offline',
    modelId: 'extractive-1',
    capabilities: ['text', 'object', 'tools'],
    generate: (request, { signal }) => answer(mind, request, signal),
  }
}

async function* answer(
  mind: Mind,
  request: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelPart, void> {
  // A turn of the event loop before each part: an abort is seen, and other work is not held up.
  await turn(signal)
  const thought = mind(request)
  for (const part of partsOf(thought, request)) {
    await turn(signal)
    yield part
  }
  signal.throwIfAborted()
  yield {
    type: 'finish',
    reason: 'calls' in thought ? 'tool_calls' : 'stop',
    usage: {
      inputTokens: tokensIn(JSON.stringify(request.messages)),
      outputTokens: tokensIn(JSON.stringify(thought)),
    },
  }
}

async function turn(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await setImmediate()
  signal.throwIfAborted()
}

function* partsOf(thought: Thought, request: ModelRequest): Generator<ModelPart, void> {
  if ('text' in thought) {
    for (const text of piecesOf(thought.text)) yield { type: 'text-delta', text }
    return
  }
  // Numbered on through the conversation, so that no id comes twice.
  const earlier = request.messages.flatMap((message) =>
    message.role === 'tool' ? message.content : [],
  ).length
  for (const [index, { name, arguments: values }] of thought.calls.entries()) {
    yield {
      type: 'tool-call',
      callId: `call_${earlier + index + 1}`,
      name,
      arguments: JSON.stringify(values),
    }
  }
}

/** Whole characters: a surrogate pair is never torn. */
function* piecesOf(text: string): Generator<string, void> {
  const characters = Array.from(text)
  for (let at = 0; at < characters.length; at += deltaLength)
    yield characters.slice(at, at + deltaLength).join('')
}

function tokensIn(text: string): number {
  return text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)?.length ?? 0
}
