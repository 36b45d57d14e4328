import type { Message, ModelRequest, ToolResultPart } from '../ports/index.ts'

/**
 * A result of more bytes than this is cut when a conversation does not fit. A page of text or so: what is kept
 * still says what the tool found, and a hundred results fit into the smallest windows in use.
 */
export const longResultBytes = 4_096

/** Head and tail that stay, with room for the mark between them. The head is longer: results begin with what they are. */
const headBytes = 2_600
const tailBytes = 1_300

/** Skills are instructions: half of one is worse than none. */
const keptWhole = 'read_skill'

/** The same request with long tool results cut to head and tail; `undefined` when there is nothing to cut. */
export function projectRequest(request: ModelRequest): ModelRequest | undefined {
  const messages = projectMessages(request.messages)
  return messages === request.messages ? undefined : { ...request, messages }
}

/**
 * Cuts long tool results. Every message and every result stays in its place, so the transcript is as valid as it
 * was, and what was cut is short enough not to be cut again.
 */
export function projectMessages(messages: readonly Message[]): readonly Message[] {
  let changed = false
  const projected = messages.map((message) => {
    if (message.role !== 'tool') return message
    const content = message.content.map(projectResult)
    if (content.every((part, index) => part === message.content[index])) return message
    changed = true
    return { ...message, content }
  })
  return changed ? projected : messages
}

function projectResult(part: ToolResultPart): ToolResultPart {
  if (part.name === keptWhole) return part
  const text = typeof part.output === 'string' ? part.output : JSON.stringify(part.output)
  // A text has at least as many bytes as units, and at most three times as many.
  if (text.length * 3 <= longResultBytes) return part
  const bytes = new TextEncoder().encode(text)
  return bytes.length <= longResultBytes ? part : { ...part, output: headAndTail(bytes) }
}

function headAndTail(bytes: Uint8Array): string {
  let head = headBytes
  while (isInsideCharacter(bytes, head)) head--
  let tail = bytes.length - tailBytes
  while (isInsideCharacter(bytes, tail)) tail++
  const decoder = new TextDecoder()
  const left = tail - head
  return `${decoder.decode(bytes.subarray(0, head))}\n[… ${left} bytes left out …]\n${decoder.decode(bytes.subarray(tail))}`
}

/** Bytes after the first of a character begin with the bits 10. */
function isInsideCharacter(bytes: Uint8Array, at: number): boolean {
  return ((bytes[at] ?? 0) & 0xc0) === 0x80
}
