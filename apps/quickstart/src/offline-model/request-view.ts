import type { Json, JsonObject, ModelRequest, ToolCallPart } from '@belay/core/ports'

/** A call that the model made earlier in this conversation, with what came of it. */
export interface AnsweredCall {
  readonly name: string
  readonly arguments: JsonObject
  readonly output: Json
  readonly isError: boolean
}

/** The text of the last user message that asks for something. */
export function userText(request: ModelRequest): string {
  const texts = request.messages
    .filter((message) => message.role === 'user')
    .map(({ content }) => content.map((part) => (part.type === 'text' ? part.text : '')).join('\n'))
  return texts.findLast((text) => text.startsWith('Question:')) ?? texts.at(-1) ?? ''
}

/** The value of a line such as `Question: …`; the whole text when there is none. */
export function lineOf(text: string, label: RegExp): string {
  const line = text.split('\n').find((each) => label.test(each))
  return line === undefined ? text : line.replace(label, '').trim()
}

/** Earlier calls in order, each with its result. */
export function answeredCalls({ messages }: ModelRequest): AnsweredCall[] {
  const calls = new Map<string, ToolCallPart>()
  const answered: AnsweredCall[] = []
  for (const message of messages) {
    if (message.role === 'assistant') {
      for (const part of message.content) if (part.type === 'tool-call') calls.set(part.callId, part)
    }
    if (message.role !== 'tool') continue
    for (const { callId, name, output, isError } of message.content) {
      answered.push({ name, arguments: parsed(calls.get(callId)?.arguments ?? '{}'), output, isError })
    }
  }
  return answered
}

/** Whether the request asks for an object with this field. */
export function asksFor({ output }: ModelRequest, field: string): boolean {
  const properties = output?.schema['properties']
  return typeof properties === 'object' && properties !== null && field in properties
}

/** Whether a tool of this name may be called. */
export function offers({ tools = [], toolChoice }: ModelRequest, name: string): boolean {
  return toolChoice !== 'none' && tools.some((tool) => tool.name === name)
}

/** A field of a JSON value. */
export function fieldOf(value: Json | undefined, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)[name]
    : undefined
}

/** A field of a JSON value as text; empty when it is something else. */
export function textField(value: Json | undefined, name: string): string {
  const field = fieldOf(value, name)
  return typeof field === 'string' ? field : ''
}

/** What a tool wrote; empty when it gave something else. */
export const outputText = ({ output }: AnsweredCall): string => (typeof output === 'string' ? output : '')

/** Items of a JSON array; none when it is something else. */
export function itemsOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function parsed(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject
  } catch {
    return {}
  }
}
