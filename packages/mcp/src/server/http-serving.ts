import { optionCheck } from '../option-check.ts'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PortError } from '@belay/core/ports'
import { readJsonBody } from './http-body.ts'
import { httpGuard, isLoopbackHost, type HttpGuard } from './http-guard.ts'
import { HttpSessions } from './http-sessions.ts'
import type { ProtocolContext } from './protocol-server.ts'
import type { HttpTransportOptions } from './serve-options.ts'
import type { Listening } from './stdio-serving.ts'

/** A request has to arrive within this time; its answer may take as long as it likes. */
const requestTimeoutMs = 30_000

/** Serves over streamable HTTP. Throws `tool-source/unavailable` when it cannot listen. */
export async function serveHttp(context: ProtocolContext, options: HttpTransportOptions): Promise<Listening> {
  const { host = '127.0.0.1', path = '/mcp' } = options
  const sessions = new HttpSessions(context, {
    maxSessions: options.maxSessions ?? 100,
    idleMs: options.idleMs ?? 600_000,
  })
  const state: { guard?: HttpGuard } = {}
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    const endpoint = { context, options, path, sessions, guard: state.guard! }
    answer(endpoint, request, response).catch((error: unknown) => {
      context.logger?.warn('a request over MCP failed', {
        kind: error instanceof Error ? error.name : 'unknown',
      })
      if (response.headersSent) response.destroy()
      else refuse(response, 500, 'The request failed.')
    })
  })
  const port = await listen(server, options.port, host)
  state.guard = httpGuard(options, port)
  const closed = Promise.withResolvers<void>()
  server.once('close', () => closed.resolve())
  return {
    url: new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`),
    ended: closed.promise,
    close: async () => {
      await sessions.close()
      server.close()
      server.closeAllConnections()
      await closed.promise
    },
  }
}

interface Endpoint {
  readonly context: ProtocolContext
  readonly options: HttpTransportOptions
  readonly path: string
  readonly sessions: HttpSessions
  readonly guard: HttpGuard
}

/** Cheap and certain checks go first: nothing is read of a request that nobody vouches for. */
async function answer(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { options, path, sessions, guard } = endpoint
  const refused = guard.refusal(request)
  if (refused !== undefined) return refuse(response, refused.status, refused.message)
  if (request.url?.split('?')[0] !== path) return refuse(response, 404, 'There is nothing here.')
  const principal = await principalOf(options, request)
  if (principal === undefined) {
    const { resourceMetadataUrl } = options
    const metadata = resourceMetadataUrl === undefined ? '' : ` resource_metadata="${resourceMetadataUrl}"`
    response.setHeader('www-authenticate', `Bearer${metadata}`)
    return refuse(response, 401, 'Credentials are missing or not valid.')
  }
  let body: unknown
  if (request.method === 'POST') {
    const read = await readJsonBody(request, options.maxBodyBytes ?? 1_048_576)
    if (!('value' in read)) return refuse(response, read.status, read.message, read.rpcCode)
    body = read.value
  }
  const id = request.headers['mcp-session-id']
  if (typeof id === 'string') {
    if (!sessions.has(id, principal)) return refuse(response, 404, 'Session not found', -32_001)
    return sessions.handle(id, request, response, body)
  }
  if (!isInitialize(body)) return refuse(response, 400, 'The header Mcp-Session-Id is missing.')
  if (endpoint.context.calls.isClosing) return refuse(response, 503, 'The server is closing.')
  if (sessions.isFull) return refuse(response, 503, 'There are too many sessions. Try again later.')
  return sessions.open(principal, request, response, body)
}

async function principalOf(
  { authenticate }: HttpTransportOptions,
  request: IncomingMessage,
): Promise<string | undefined> {
  if (authenticate === 'none') return 'local'
  const { method = '', url = '', headers } = request
  const principal = await authenticate({ method, url, headers, remoteAddress: request.socket.remoteAddress })
  return typeof principal === 'string' && principal !== '' ? principal : undefined
}

function isInitialize(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'method' in body && body.method === 'initialize'
}

/** Answers and lets go of a request whose body may still be arriving. */
function refuse(response: ServerResponse, status: number, message: string, code = -32_000): void {
  const text = JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null })
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    connection: 'close',
  })
  response.end(text)
}

function listen(server: Server, port: number, host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.once('error', (error: NodeJS.ErrnoException) => {
    const inUse = error.code === 'EADDRINUSE'
    reject(
      new PortError({
        code: 'tool-source/unavailable',
        message: inUse
          ? `serveMcp: port ${port} of ${host} is in use. Choose another one, or 0 for any.`
          : `serveMcp: cannot listen on ${host}, port ${port} (${error.code ?? 'unknown'}).`,
        meta: { reason: inUse ? 'port_in_use' : 'address' },
        cause: error,
      }),
    )
  })
  server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  return promise
}

const transportKeys: readonly (keyof HttpTransportOptions)[] = [
  'type',
  'port',
  'host',
  'path',
  'authenticate',
  'allowedHosts',
  'allowedOrigins',
  'resourceMetadataUrl',
  'maxBodyBytes',
  'maxSessions',
  'idleMs',
]

/** Refuses a transport that would be open to anybody. Throws `TypeError`. */
export function checkHttp(options: HttpTransportOptions): void {
  const { port, host = '127.0.0.1', path = '/mcp', authenticate, allowedHosts } = options
  const what = 'serveMcp, transport http'
  const check = optionCheck((why) => {
    throw new TypeError(`${what}: ${why}`)
  })
  check.keys('transport', options, transportKeys)
  check.type('host', host, 'string')
  check.type('path', path, 'string')
  check.texts('allowedHosts', allowedHosts)
  check.texts('allowedOrigins', options.allowedOrigins)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new TypeError(`${what}: port must be 0 to 65535.`)
  if (!path.startsWith('/')) throw new TypeError(`${what}: path must begin with a slash.`)
  if (authenticate !== 'none' && typeof authenticate !== 'function') {
    throw new TypeError(
      `${what}: authenticate is missing. Pass a function that gives the principal of a request.`,
    )
  }
  if (!isLoopbackHost(host)) {
    if (authenticate === 'none') {
      throw new TypeError(
        `${what}: authenticate: 'none' is for loopback; "${host}" can be reached by others.`,
      )
    }
    if (allowedHosts === undefined || allowedHosts.length === 0) {
      throw new TypeError(
        `${what}: allowedHosts is missing. Name the values of Host by which "${host}" is reached.`,
      )
    }
  }
  for (const field of ['maxBodyBytes', 'maxSessions', 'idleMs'] as const) {
    const value = options[field]
    if (value !== undefined && !(Number.isFinite(value) && value > 0)) {
      throw new TypeError(`${what}: ${field} must be above 0.`)
    }
  }
}
