import type { Attributes } from '@opentelemetry/api'
import type { Message, ModelRequest } from '../ports/index.ts'
import { defined, jsonText } from './attribute-values.ts'
import type { Dialect } from './dialect.ts'

/** The conventions of OpenInference, which tools such as Phoenix read. */
export const openInference: Dialect = {
  other: (sessionId) => ({ 'openinference.span.kind': 'CHAIN', 'session.id': sessionId }),
  agent: ({ agent, sessionId }) => ({
    'openinference.span.kind': 'AGENT',
    'agent.name': agent,
    'session.id': sessionId,
  }),
  model: ({ operation, provider, id }, { agent }, sessionId) =>
    defined({
      'openinference.span.kind': kinds[operation],
      [names[operation]]: id,
      'llm.provider': provider,
      'agent.name': agent,
      'session.id': sessionId,
    }),
  request: ({ settings = {} }) => {
    const { stop: _stop, ...parameters } = settings
    return Object.keys(parameters).length === 0 ? {} : { 'llm.invocation_parameters': jsonText(parameters) }
  },
  // The name of the model that answered goes before the one that was asked for.
  response: ({ model }) => defined({ 'llm.model_name': model }),
  turn: ({ usage = {} }) =>
    defined({
      'llm.token_count.prompt': usage.inputTokens,
      'llm.token_count.completion': usage.outputTokens,
      'llm.token_count.total':
        usage.inputTokens === undefined || usage.outputTokens === undefined
          ? undefined
          : usage.inputTokens + usage.outputTokens,
      'llm.token_count.prompt_details.cache_read': usage.cachedInputTokens,
      'llm.token_count.completion_details.reasoning': usage.reasoningTokens,
    }),
  tool: ({ name, callId }, { agent }, sessionId) =>
    defined({
      'openinference.span.kind': 'TOOL',
      'tool.name': name,
      'tool_call.id': callId,
      'agent.name': agent,
      'session.id': sessionId,
    }),
  content: {
    messages: (request) => ({
      ...inputValue(request.messages),
      ...flattened('llm.input_messages', request.messages),
    }),
    answer: ({ answer }) => ({
      'output.value': jsonText(answer.content),
      'output.mime_type': 'application/json',
      ...flattened('llm.output_messages', [answer]),
    }),
    toolInput: (input) => inputValue(input),
    toolOutput: (output) => ({ 'output.value': jsonText(output), 'output.mime_type': 'application/json' }),
  },
}

const kinds = { chat: 'LLM', embeddings: 'EMBEDDING', rerank: 'RERANKER' } as const
const names = {
  chat: 'llm.model_name',
  embeddings: 'embedding.model_name',
  rerank: 'reranker.model_name',
} as const

function inputValue(value: unknown): Attributes {
  return { 'input.value': jsonText(value), 'input.mime_type': 'application/json' }
}

function flattened(prefix: string, messages: ModelRequest['messages']): Attributes {
  const entries = messages.flatMap((message, index) => {
    const at = `${prefix}.${index}.message`
    return [[`${at}.role`, message.role] as const, ...partsOf(at, message)]
  })
  return Object.fromEntries(entries)
}

function partsOf(at: string, message: Message): (readonly [string, string])[] {
  if (message.role === 'system') return [[`${at}.content`, message.content]]
  if (message.role === 'tool')
    return message.content.flatMap(({ callId, output }) => [
      [`${at}.tool_call_id`, callId] as const,
      [`${at}.content`, jsonText(output)] as const,
    ])
  const text = message.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  const calls = message.content.filter((part) => part.type === 'tool-call')
  return [
    ...(text === '' ? [] : [[`${at}.content`, text] as const]),
    ...calls.flatMap((call, index) => {
      const prefix = `${at}.tool_calls.${index}.tool_call`
      return [
        [`${prefix}.id`, call.callId] as const,
        [`${prefix}.function.name`, call.name] as const,
        [`${prefix}.function.arguments`, call.arguments] as const,
      ]
    }),
  ]
}
