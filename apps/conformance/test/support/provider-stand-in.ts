import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What the server does with the next request. */
export type ProviderAnswer =
  | { readonly text: string }
  | { readonly call: { readonly name: string; readonly arguments: string } }
  | { readonly status: number; readonly body: (request: SeenRequest) => string }
  /** Sends nothing until the caller goes away. */
  | 'silence'

/** A request as it came. */
export interface SeenRequest {
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A loopback server that speaks chat completions by a script. */
export interface ProviderStandIn extends AsyncDisposable {
  readonly port: number
  readonly seen: readonly SeenRequest[]
  /** Resolves when a request is kept waiting. */
  readonly waiting: Promise<void>
}

export async function startProvider(answers: readonly ProviderAnswer[]): Promise<ProviderStandIn> {
  const seen: SeenRequest[] = []
  const waiting = Promise.withResolvers<void>()
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const made = { url: request.url ?? '', headers: request.headers, body: await text(request) }
    const next = answers[seen.length] ?? { text: 'again' }
    seen.push(made)
    if (next === 'silence') return waiting.resolve()
    if ('status' in next) {
      response.writeHead(next.status, { 'content-type': 'application/json' }).end(next.body(made))
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const chunk of chunksOf(next)) response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    response.end('data: [DONE]\n\n')
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    waiting: waiting.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function chunksOf(next: Exclude<ProviderAnswer, 'silence' | { readonly status: number }>): unknown[] {
  const chunk = (delta: unknown, finish: string | null) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    model: 'stand-in',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
  const usage = {
    id: 'chatcmpl-1',
    choices: [],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  }
  if ('text' in next) return [chunk({ content: next.text }, null), chunk({}, 'stop'), usage]
  const call = { index: 0, id: 'call-1', type: 'function', function: next.call }
  return [chunk({ tool_calls: [call] }, null), chunk({}, 'tool_calls'), usage]
}
