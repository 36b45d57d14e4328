import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  isEmbeddings,
  isRanking,
  isRefusal,
  type ModelScriptEmbeddings,
  type ModelScriptRanking,
  type ModelScriptRefusal,
  type ModelScriptStep,
} from '@belay/testing'
import { chatFrames } from './chat-frames.ts'
import type { Frames } from './frames.ts'
import { responsesFrames } from './responses-frames.ts'

/** A script step, or bytes as they are. */
export type ServerStep = ModelScriptStep | { readonly do: 'raw'; readonly text: string }

/** A script turn whose body or head can also be given as it is. */
export type ServerTurn =
  | (ModelScriptRefusal & { readonly body?: string })
  | { readonly answer: readonly ServerStep[]; readonly headers?: Readonly<Record<string, string>> }
  | ModelScriptEmbeddings
  | ModelScriptRanking

/** What a request was. */
export interface ReceivedRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** Resolves when the answer has ended or the caller has left. `whole`: the server sent all of it. */
  readonly closed: Promise<{ readonly whole: boolean }>
}

/** A server of both protocols on loopback that plays a script; turn k answers request k. */
export interface ProtocolServer {
  readonly baseURL: string
  readonly requests: readonly ReceivedRequest[]
  /** Requests that are neither answered nor left. */
  openRequests(): number
  /** Resolves when request k has arrived. */
  arrived(k: number): Promise<ReceivedRequest>
  close(): Promise<void>
}

/** What a test may add. */
export interface ProtocolServerOptions {
  /**
   * Awaited before a connection is reset in an answer: a reset throws away what the client has not read yet,
   * so a test that counts on the text before it has to say when that was read.
   */
  readonly beforeReset?: (turn: number) => Promise<void>
}

/** Listens on a free port of 127.0.0.1. */
export async function startProtocolServer(
  script: readonly ServerTurn[],
  options: ProtocolServerOptions = {},
): Promise<ProtocolServer> {
  const requests: ReceivedRequest[] = []
  const waiting: (() => void)[] = []
  let open = 0
  const server = createServer((request, response) => {
    void (async () => {
      open += 1
      const closed = new Promise<{ whole: boolean }>((resolve) => {
        response.once('close', () => {
          open -= 1
          resolve({ whole: response.writableFinished })
        })
      })
      const body = await text(request)
      const number = requests.length
      const turn = script[number]
      requests.push({ path: request.url ?? '', headers: request.headers, body, closed })
      for (const wake of waiting.splice(0)) wake()
      if (!turn) return void response.writeHead(500).end('the script is used up')
      if (isRefusal(turn as never)) return refuse(response, turn as ModelScriptRefusal & { body?: string })
      if (isEmbeddings(turn as never))
        return sendJson(response, embeddingsBody(turn as ModelScriptEmbeddings))
      if (isRanking(turn as never)) return sendJson(response, rankingBody(turn as ModelScriptRanking))
      await play(request, response, turn as Answer, async () => options.beforeReset?.(number))
    })().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    openRequests: () => open,
    async arrived(k) {
      for (;;) {
        const request = requests[k]
        if (request) return request
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const causes = {
  'context-length': { type: 'invalid_request_error', code: 'context_length_exceeded' },
  'content-filter': { type: 'invalid_request_error', code: 'content_filter' },
}

function refuse(
  response: ServerResponse,
  { refuse: refusal, body }: ModelScriptRefusal & { body?: string },
): void {
  const { status, headers, cause, message = 'The request was refused.' } = refusal
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_test', ...headers })
  response.end(body ?? JSON.stringify({ error: { message, ...(cause && causes[cause]) } }))
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'req_test' })
  response.end(JSON.stringify(body))
}

/** In reverse: the protocol numbers its vectors and promises no order. */
function embeddingsBody({ embeddings, usage }: ModelScriptEmbeddings): unknown {
  const data = embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding }))
  const counts = usage && { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens }
  return { object: 'list', data: data.toReversed(), model: 'test-model', ...(counts && { usage: counts }) }
}

function rankingBody({ ranking, usage }: ModelScriptRanking): unknown {
  const results = ranking.map(({ index, score }) => ({ index, relevance_score: score }))
  return { results: results.toReversed(), ...(usage && { usage: { total_tokens: usage.inputTokens } }) }
}

type Answer = Extract<ServerTurn, { answer: unknown }>

async function play(
  request: IncomingMessage,
  response: ServerResponse,
  turn: Answer,
  beforeReset: () => Promise<void>,
): Promise<void> {
  const frames: Frames = request.url?.endsWith('/responses') ? responsesFrames() : chatFrames()
  let started = false
  const send = (chunk: string): Promise<void> =>
    new Promise((resolve) => void response.write(chunk, () => resolve()))
  const start = async (): Promise<void> => {
    if (started) return
    started = true
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'x-request-id': 'req_test',
      ...turn.headers,
    })
    if (turn.headers?.['content-type'] === undefined) await send(frames.start())
  }
  for (const step of turn.answer) {
    if (step.do === 'reset') {
      if (started) await beforeReset()
      request.socket.resetAndDestroy()
      return
    }
    if (response.destroyed) return
    await start()
    if (step.do === 'end') break
    if (step.do === 'hang') return
    if (step.do === 'pause') await new Promise((resolve) => setTimeout(resolve, step.ms))
    else if (step.do === 'malformed') await send('data: {"id": "x", "choi\n\n')
    else if (step.do === 'raw') await send(step.text)
    else for (const frame of frames.step(step)) await send(frame)
  }
  await start()
  response.end()
}
