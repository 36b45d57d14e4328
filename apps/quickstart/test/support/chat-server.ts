import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { JsonObject, Message, ModelRequest } from '@belay/core/ports'
import { extractiveMind } from '../../src/offline-model/extractive-mind.ts'

/** A loopback server that speaks OpenAI's chat completions; the embedded mind thinks for it. */
export interface ChatServer extends Disposable {
  /** Up to and without `/chat/completions`. */
  readonly baseURL: string
  /** Bodies of the requests that were answered. */
  readonly requests: readonly ChatRequest[]
  readonly refused: number
}

interface ChatCall {
  readonly id: string
  readonly function: { readonly name: string; readonly arguments: string }
}

interface ChatMessage {
  readonly role: string
  readonly content: string | null
  readonly tool_calls?: readonly ChatCall[]
  readonly tool_call_id?: string
}

interface ChatRequest {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly tools?: readonly {
    readonly function: {
      readonly name: string
      readonly description: string
      readonly parameters: JsonObject
    }
  }[]
  readonly response_format?: { readonly json_schema: { readonly name: string; readonly schema: JsonObject } }
}

/** Takes one key; every other one is refused as OpenAI does. */
export async function startChatServer(key: string): Promise<ChatServer> {
  const requests: ChatRequest[] = []
  let refused = 0
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await json(request)) as ChatRequest
    if (request.headers.authorization !== `Bearer ${key}`) {
      refused++
      const error = {
        message: `Incorrect API key provided: ${String(request.headers.authorization)}`,
        code: 'invalid_api_key',
      }
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
      return
    }
    requests.push(body)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const chunk of chunksOf(body, `chatcmpl-${requests.length}`))
      response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    response.end('data: [DONE]\n\n')
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseURL: `http://127.0.0.1:${port}/v1`,
    requests,
    get refused() {
      return refused
    },
    [Symbol.dispose]: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function chunksOf(body: ChatRequest, id: string): JsonObject[] {
  const thought = extractiveMind(portRequest(body))
  const chunk = (delta: JsonObject, finish: string | null = null): JsonObject => ({
    id,
    object: 'chat.completion.chunk',
    model: body.model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
  const usage: JsonObject = {
    id,
    choices: [],
    usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
  }
  if ('calls' in thought) {
    const calls = thought.calls.map(({ name, arguments: values }, index) =>
      chunk({
        tool_calls: [
          {
            index,
            id: `${id}-${index}`,
            type: 'function',
            function: { name, arguments: JSON.stringify(values) },
          },
        ],
      }),
    )
    return [...calls, chunk({}, 'tool_calls'), usage]
  }
  const pieces = thought.text.match(/[^]{1,40}/gu) ?? []
  return [...pieces.map((content) => chunk({ content })), chunk({}, 'stop'), usage]
}

function portRequest({ messages, tools = [], response_format: format }: ChatRequest): ModelRequest {
  return {
    messages: messages.map(portMessage),
    tools: tools.map((tool) => tool.function),
    ...(format && { output: { schema: format.json_schema.schema, name: format.json_schema.name } }),
  }
}

function portMessage({
  role,
  content,
  tool_calls: calls = [],
  tool_call_id: callId = '',
}: ChatMessage): Message {
  const text = content ?? ''
  if (role === 'system') return { role: 'system', content: text }
  if (role === 'user') return { role: 'user', content: [{ type: 'text', text }] }
  if (role === 'tool') {
    const name = /^\d+\t/.test(text) ? 'read' : 'grep'
    return {
      role: 'tool',
      content: [{ type: 'tool-result', callId, name, output: text, isError: text.startsWith('{"error"') }],
    }
  }
  return {
    role: 'assistant',
    content: calls.map((call) => ({
      type: 'tool-call' as const,
      callId: call.id,
      name: call.function.name,
      arguments: call.function.arguments,
    })),
  }
}
