import { malformedAnswer, isCodedError } from '@belay/core/ports'
import type { CallScope } from '../call-scope.ts'
import { incompleteError } from '../errors/answer-error.ts'
import { errorFacts, record } from '../errors/error-facts.ts'
import { wholeText, type BodyReader } from '../http/body-text.ts'
import { networkCodeOf } from '../errors/network-error.ts'
import { providerError, type ErrorContext } from '../errors/provider-error.ts'
import { sseEvents } from '../http/sse.ts'

/** One chunk, or one whole completion, as an object. */
export type ChatChunk = Readonly<Record<string, unknown>>

/**
 * The chunks of an answer up to its end marker. A server that cannot stream gives one, its JSON body.
 * Throws what an error frame says, `model/malformed`, or `model/incomplete` when the connection breaks.
 */
export async function* chatChunks(
  response: Response,
  scope: CallScope,
  context: ErrorContext,
): AsyncGenerator<ChatChunk, void, undefined> {
  const reader: BodyReader | undefined = response.body?.getReader()
  if (!reader) throw malformedAnswer('the body is empty')
  scope.onEnd(() => void reader.cancel().catch(() => {}))
  const type = response.headers.get('content-type') ?? 'text/event-stream'
  try {
    if (/\bjson\b/i.test(type)) {
      yield chunkOf(await wholeText(reader), context)
      return
    }
    if (!/event-stream|octet-stream|text\/plain/i.test(type)) {
      throw malformedAnswer('the body is neither an event stream nor JSON')
    }
    for await (const { event, data } of sseEvents(reader)) {
      if (event === 'error') throw providerError(errorFacts(parse(data) ?? data), context)
      if (data.trim() === '[DONE]') break
      yield chunkOf(data, context)
    }
    await settleConnection(reader)
  } catch (error) {
    throw isCodedError(error) ? error : incompleteError('the connection broke', networkCodeOf(error))
  }
}

function chunkOf(text: string, context: ErrorContext): ChatChunk {
  const chunk = record(parse(text))
  if (!chunk) throw malformedAnswer('a chunk is not a JSON object')
  if (chunk['error'] != null) throw providerError(errorFacts(chunk), context)
  return chunk
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * After the end marker the body usually ends in the same packet. Seeing that end gives the connection back to
 * the pool; a body that stays open is not waited for, and its connection is closed with the call.
 */
async function settleConnection(reader: BodyReader): Promise<void> {
  const end = reader.read()
  end.catch(() => {})
  await Promise.race([end, new Promise((resolve) => setImmediate(resolve))]).catch(() => {})
}
