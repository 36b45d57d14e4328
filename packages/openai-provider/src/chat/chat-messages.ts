import type { FilePart, JsonObject, Message, TextPart, ToolResultPart } from '@belay/core/ports'
import { unsupportedError } from '../errors/answer-error.ts'
import { replayedArguments } from '../prompt/replayed-arguments.ts'

/** Messages in the form of the chat completions protocol. Reasoning is left out: the protocol has no place for it. */
export function chatMessages(messages: readonly Message[]): readonly JsonObject[] {
  return messages.flatMap((message): readonly JsonObject[] => {
    switch (message.role) {
      case 'system':
        return [{ role: 'system', content: message.content }]
      case 'user':
        return [{ role: 'user', content: userContent(message.content) }]
      case 'assistant':
        return [assistantMessage(message)]
      case 'tool':
        return message.content.map(toolMessage)
    }
  })
}

/** One text goes as plain text, which every server takes; the list form is for files. */
function userContent(content: readonly (TextPart | FilePart)[]): string | JsonObject[] {
  const [first, ...rest] = content
  if (first?.type === 'text' && rest.length === 0) return first.text
  return content.map((part) => (part.type === 'text' ? { type: 'text', text: part.text } : filePart(part)))
}

function filePart(part: FilePart): JsonObject {
  const url = isUrl(part.data) ? part.data : `data:${part.mediaType};base64,${part.data}`
  if (part.mediaType.startsWith('image/')) return { type: 'image_url', image_url: { url } }
  if (isUrl(part.data)) throw unsupportedError(`the chat protocol takes no URL for ${part.mediaType}`)
  if (part.mediaType.startsWith('audio/')) {
    const format = { 'audio/wav': 'wav', 'audio/x-wav': 'wav', 'audio/mpeg': 'mp3', 'audio/mp3': 'mp3' }[
      part.mediaType
    ]
    if (!format) throw unsupportedError(`the chat protocol takes no ${part.mediaType}`)
    return { type: 'input_audio', input_audio: { data: part.data, format } }
  }
  return { type: 'file', file: { filename: part.name ?? 'file', file_data: url } }
}

function isUrl(data: string): boolean {
  return /^https?:\/\//i.test(data)
}

function assistantMessage({ content }: Extract<Message, { role: 'assistant' }>): JsonObject {
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
  const calls = content.flatMap((part) =>
    part.type === 'tool-call'
      ? [
          {
            id: part.callId,
            type: 'function',
            function: { name: part.name, arguments: JSON.stringify(replayedArguments(part.arguments)) },
          },
        ]
      : [],
  )
  if (calls.length === 0) return { role: 'assistant', content: text }
  return { role: 'assistant', content: text === '' ? null : text, tool_calls: calls }
}

/** The protocol has no flag for a failed call, so an error says so in its text. */
function toolMessage({ callId, output, isError }: ToolResultPart): JsonObject {
  const value = isError ? { error: output } : output
  return {
    role: 'tool',
    tool_call_id: callId,
    content: typeof value === 'string' ? value : JSON.stringify(value),
  }
}
