import { malformedAnswer } from '@belay/core/ports'
import { TextDecoder } from 'node:util'

/** One event of a server-sent event stream. */
export interface SseEvent {
  readonly event: string | undefined
  readonly data: string
}

/** A single event beyond this is no delta of an answer; without a bound a server could fill the memory. */
const maxEventLength = 64 * 1024 * 1024

/**
 * Reads server-sent events (WHATWG HTML, section 9.2). An event that the end of the stream cuts off is dropped,
 * as the standard says. Reading ends when the consumer leaves; the caller owns the reader.
 */
export async function* sseEvents(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<SseEvent, void, undefined> {
  const lines = lineSplitter()
  let event: string | undefined
  let data: string[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    for (const line of lines.push(value)) {
      if (line === '') {
        if (data.length > 0) yield { event, data: data.join('\n') }
        event = undefined
        data = []
        length = 0
        continue
      }
      const [field, text] = fieldOf(line)
      if (field === 'event') event = text
      if (field !== 'data') continue
      length += text.length
      if (length > maxEventLength) throw malformedAnswer('an event is too long')
      data.push(text)
    }
  }
}

function fieldOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  if (colon < 0) return [line, '']
  return [line.slice(0, colon), line.slice(line.charAt(colon + 1) === ' ' ? colon + 2 : colon + 1)]
}

/**
 * Splits bytes into lines at LF, CR LF or CR. An unfinished line is kept in pieces and only the new piece is
 * searched, so that one line of many megabytes costs its length and not its square.
 */
function lineSplitter(): { push(bytes: Uint8Array): string[] } {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let pieces: string[] = []
  let length = 0
  let afterCr = false

  return {
    push(bytes) {
      const text = decode(decoder, bytes)
      const lines = (afterCr && text.startsWith('\n') ? text.slice(1) : text).split(/\r\n|\n|\r/)
      if (text !== '') afterCr = text.endsWith('\r')
      const rest = lines.pop() ?? ''
      if (lines.length > 0 && pieces.length > 0) {
        lines[0] = pieces.join('') + lines[0]
        pieces = []
        length = 0
      }
      if (rest !== '') pieces.push(rest)
      length += rest.length
      if (length > maxEventLength) throw malformedAnswer('a line is too long')
      return lines
    },
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes, { stream: true })
  } catch {
    throw malformedAnswer('it is not UTF-8')
  }
}
