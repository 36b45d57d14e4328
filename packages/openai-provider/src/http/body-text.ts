import { malformedAnswer } from '@belay/core/ports'

/** Reads the body of an answer. */
export type BodyReader = ReadableStreamDefaultReader<Uint8Array>

/** More than this is no answer of one request. */
const maxJsonLength = 64 * 1024 * 1024

/** A body as text. Throws `model/malformed` for one that has no end. */
export async function wholeText(reader: BodyReader): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    text += decoder.decode(value, { stream: true })
    if (text.length > maxJsonLength) throw malformedAnswer('the body is too long')
  }
}
