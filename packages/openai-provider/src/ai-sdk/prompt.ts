import type { FilePart, JsonObject, Message, ToolResultPart } from '@belay/core/ports'
import { replayedArguments } from '../prompt/replayed-arguments.ts'
import type { AiSdkLanguageModel } from './language-model.ts'

type Version = AiSdkLanguageModel['specificationVersion']

/** Messages in the form of the SDK's prompt. The versions differ in how a file holds its data. */
export function sdkPrompt(messages: readonly Message[], version: Version): readonly unknown[] {
  return messages.map((message) => {
    switch (message.role) {
      case 'system':
        return { role: 'system', content: message.content }
      case 'user':
        return {
          role: 'user',
          content: message.content.map((part) =>
            part.type === 'file' ? sdkFile(part, version) : textPart(part.text),
          ),
        }
      case 'assistant':
        return { role: 'assistant', content: message.content.map(assistantPart) }
      case 'tool':
        return { role: 'tool', content: message.content.map(toolResult) }
    }
  })
}

function textPart(text: string): JsonObject {
  return { type: 'text', text }
}

function sdkFile({ mediaType, data, name }: FilePart, version: Version): unknown {
  const url = /^https?:\/\//i.test(data) ? new URL(data) : undefined
  const flat = url ?? data
  const tagged = url ? { type: 'url', url } : { type: 'data', data }
  return {
    type: 'file',
    mediaType,
    data: version === 'v4' ? tagged : flat,
    ...(name !== undefined && { filename: name }),
  }
}

function assistantPart(part: Extract<Message, { role: 'assistant' }>['content'][number]): unknown {
  switch (part.type) {
    case 'text':
      return textPart(part.text)
    case 'reasoning':
      return { type: 'reasoning', text: part.text, ...(part.provider && { providerOptions: part.provider }) }
    case 'tool-call':
      return {
        type: 'tool-call',
        toolCallId: part.callId,
        toolName: part.name,
        input: replayedArguments(part.arguments),
        ...(part.provider && { providerOptions: part.provider }),
      }
  }
}

function toolResult({ callId, name, output, isError }: ToolResultPart): unknown {
  const kind = typeof output === 'string' ? 'text' : 'json'
  return {
    type: 'tool-result',
    toolCallId: callId,
    toolName: name,
    output: { type: isError ? `error-${kind}` : kind, value: output },
  }
}
