import type { Json, JsonObject, ModelRequest, ToolCallPart } from '@belay/core/ports'

/** A call of an earlier turn, with what came of it. */
export interface AnsweredCall {
  readonly name: string
  readonly arguments: JsonObject
  readonly text: string
}

/** Earlier calls in order. */
export function answeredCalls({ messages }: ModelRequest): AnsweredCall[] {
  const calls = new Map<string, ToolCallPart>()
  const answered: AnsweredCall[] = []
  for (const message of messages) {
    if (message.role === 'assistant')
      for (const part of message.content) if (part.type === 'tool-call') calls.set(part.callId, part)
    if (message.role !== 'tool') continue
    for (const { callId, name, output } of message.content)
      answered.push({ name, arguments: parsed(calls.get(callId)?.arguments), text: textOf(output) })
  }
  return answered
}

/** The value after `label:` on a line of the first user message that has one. */
export function labelled({ messages }: ModelRequest, label: string): string | undefined {
  for (const message of messages) {
    if (message.role !== 'user') continue
    for (const part of message.content) {
      if (part.type !== 'text') continue
      const line = part.text.split('\n').find((each) => each.startsWith(`${label}: `))
      if (line !== undefined) return line.slice(label.length + 2)
    }
  }
  return undefined
}

function parsed(text: string | undefined): JsonObject {
  try {
    return JSON.parse(text ?? '{}') as JsonObject
  } catch {
    return {}
  }
}

const textOf = (output: Json): string => (typeof output === 'string' ? output : JSON.stringify(output))
