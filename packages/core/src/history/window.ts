import type { Message } from '../ports/index.ts'

/**
 * The part of a conversation that a model sees: all of it, or all system messages and the newest `window`
 * others in order. Always valid: a tool result whose call was cut off goes too, and a call is never shown
 * without its result.
 */
export function windowOf(messages: readonly Message[], window: number | undefined): Message[] {
  if (window === undefined) return validTranscript(messages)
  const others = messages.filter((message) => message.role !== 'system')
  const kept = new Set(window === 0 ? [] : others.slice(-window))
  return validTranscript(messages.filter((message) => message.role === 'system' || kept.has(message)))
}

/** Drops what a model would refuse: results without their call, and calls without their results. */
function validTranscript(messages: readonly Message[]): Message[] {
  const valid: Message[] = []
  messages.forEach((message, index) => {
    if (message.role === 'tool') {
      const previous = messages[index - 1]
      if (previous?.role === 'assistant' && answersEveryCall(previous, message)) valid.push(message)
      return
    }
    if (message.role === 'assistant' && callsOf(message).length > 0) {
      const next = messages[index + 1]
      if (next?.role !== 'tool' || !answersEveryCall(message, next)) return
    }
    valid.push(message)
  })
  return valid
}

function callsOf(message: Extract<Message, { role: 'assistant' }>): string[] {
  return message.content.flatMap((part) => (part.type === 'tool-call' ? [part.callId] : []))
}

function answersEveryCall(
  assistant: Extract<Message, { role: 'assistant' }>,
  tool: Extract<Message, { role: 'tool' }>,
): boolean {
  const calls = callsOf(assistant)
  const results = new Set(tool.content.map((part) => part.callId))
  const isOneToOne = new Set(calls).size === calls.length && results.size === tool.content.length
  return isOneToOne && calls.length === results.size && calls.every((id) => results.has(id))
}
