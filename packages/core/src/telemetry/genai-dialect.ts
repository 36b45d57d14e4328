import type { Attributes } from '@opentelemetry/api'
import type { Message, ModelRequest } from '../ports/index.ts'
import type { Dialect } from './dialect.ts'
import { defined, jsonText } from './attribute-values.ts'

/** OpenTelemetry's conventions for generative AI (development status, as of semantic conventions 1.41). */
export const genai: Dialect = {
  other: (sessionId) => ({ 'gen_ai.conversation.id': sessionId }),
  agent: ({ agent, version, sessionId }) =>
    defined({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': agent,
      'gen_ai.agent.version': version,
      'gen_ai.conversation.id': sessionId,
    }),
  model: ({ operation, provider, id }, { agent }, sessionId) =>
    defined({
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': id,
      'gen_ai.agent.name': agent,
      'gen_ai.conversation.id': sessionId,
    }),
  request: ({ settings = {}, output }) =>
    defined({
      'gen_ai.output.type': output === undefined ? 'text' : 'json',
      'gen_ai.request.temperature': settings.temperature,
      'gen_ai.request.top_p': settings.topP,
      'gen_ai.request.max_tokens': settings.maxOutputTokens,
      'gen_ai.request.seed': settings.seed,
    }),
  response: ({ id, model }) => defined({ 'gen_ai.response.id': id, 'gen_ai.response.model': model }),
  turn: ({ finishReason, usage = {} }) =>
    defined({
      'gen_ai.response.finish_reasons': finishReason === undefined ? undefined : [finishReason],
      'gen_ai.usage.input_tokens': usage.inputTokens,
      'gen_ai.usage.output_tokens': usage.outputTokens,
      'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens,
      'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens,
    }),
  tool: ({ name, callId }, { agent }, sessionId) =>
    defined({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': name,
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': callId,
      'gen_ai.agent.name': agent,
      'gen_ai.conversation.id': sessionId,
    }),
  content: {
    messages: messagesOf,
    answer: ({ answer, finishReason }) => ({
      'gen_ai.output.messages': jsonText([{ ...toMessage(answer), finish_reason: finishReason }]),
    }),
    toolInput: (input) => ({ 'gen_ai.tool.call.arguments': jsonText(input) }),
    toolOutput: (output) => ({ 'gen_ai.tool.call.result': jsonText(output) }),
  },
}

function messagesOf({ messages }: ModelRequest): Attributes {
  const system = messages.flatMap((message) => (message.role === 'system' ? [message.content] : []))
  const others = messages.filter((message) => message.role !== 'system')
  return {
    ...(system.length > 0 && {
      'gen_ai.system_instructions': jsonText(system.map((content) => ({ type: 'text', content }))),
    }),
    'gen_ai.input.messages': jsonText(others.map(toMessage)),
  }
}

function toMessage(message: Message): { readonly role: string; readonly parts: readonly unknown[] } {
  if (message.role === 'system')
    return { role: 'system', parts: [{ type: 'text', content: message.content }] }
  return { role: message.role, parts: message.content.map(toPart) }
}

/** The bytes of files stay away: they are large, and a span is no place for them. */
function toPart(part: Exclude<Message, { role: 'system' }>['content'][number]): unknown {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return { type: part.type, content: part.text }
    case 'tool-call':
      return { type: 'tool_call', id: part.callId, name: part.name, arguments: part.arguments }
    case 'tool-result':
      return { type: 'tool_call_response', id: part.callId, result: part.output }
    default:
      return { type: 'file', mime_type: part.mediaType }
  }
}
