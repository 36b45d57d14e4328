import { expect, onTestFinished, test } from 'vitest'
import { apiKeyAuth, basicAuth, bearerAuth, mcp, type McpOptions } from '../../src/index.ts'
import { httpServer, json, text, type FixtureServer, type Heard } from './fixtures/http-server.ts'
import { keptLogger } from './fixtures/kept-logger.ts'
import { failureOf, noSandbox } from './fixtures/subject.ts'

async function connect(server: FixtureServer, over: Partial<McpOptions> = {}) {
  const source = mcp({ name: 'web', transport: { type: 'http', url: server.url }, timeoutMs: 2_000, ...over })
  onTestFinished(() => source.close())
  const connection = await source.open({ sessionId: 's', sandbox: noSandbox, logger: keptLogger() })
  const tools = await connection.list()
  const call = (name: 'read' | 'write', input = { text: 'hello' }, signal = new AbortController().signal) =>
    connection.call(name, input, {
      signal,
      idempotencyKey: 'k',
      version: tools.find((tool) => tool.name === name)?.version ?? '',
    })
  return { source, connection, tools, call }
}

/** Answers calls of tools alone. */
const onCall =
  (
    answer: (heard: Heard, response: Parameters<FixtureServer['answer']>[1]) => void,
  ): FixtureServer['answer'] =>
  (heard, response) => {
    if (heard.method !== 'tools/call') return false
    answer(heard, response)
    return true
  }

const events = (response: Parameters<FixtureServer['answer']>[1]) =>
  response.writeHead(200, { 'content-type': 'text/event-stream' })

test('a call and its answer, and a session that is closed with the connection [MCP-7]', async () => {
  const server = await httpServer()
  const { connection, tools, call } = await connect(server)
  expect(tools.map(({ name, readOnly }) => [name, readOnly])).toEqual([
    ['read', true],
    ['write', false],
  ])
  expect(await call('read')).toEqual({ isError: false, text: 'hello' })
  await connection.close()
  expect(server.sessions.size).toBe(0)
  expect((await failureOf(call('read'))).code).toBe('tool-source/closed')
})

test('credentials of each kind are sent with each request [MCP-16]', async () => {
  const kinds = [
    [bearerAuth('t0ken'), 'authorization', 'Bearer t0ken'],
    [apiKeyAuth({ key: () => 'k3y' }), 'x-api-key', 'k3y'],
    [basicAuth({ user: 'ann', password: 'pässword' }), 'authorization', 'Basic YW5uOnDDpHNzd29yZA=='],
  ] as const
  for (const [auth, header, value] of kinds) {
    const server = await httpServer()
    const { call } = await connect(server, { auth })
    await call('read')
    expect(new Set(server.heard.map(({ headers }) => headers[header]))).toEqual(new Set([value]))
  }
})

test('credentials that are refused are told by name [MCP-16]', async () => {
  const server = await httpServer((_, response) => (response.writeHead(401).end(), true))
  const error = await failureOf(connect(server, { auth: bearerAuth('s3cret') }))
  expect(error).toMatchObject({ code: 'tool-source/auth', retryable: false, meta: { status: 401 } })
  expect(JSON.stringify(error)).not.toContain('s3cret')
})

test.each([301, 302, 303, 307, 308])(
  'a redirect (%i) carries nothing to another origin [MCP-17]',
  async (status) => {
    const other = await httpServer()
    const server = await httpServer()
    const { call } = await connect(server, { auth: bearerAuth('s3cret') })
    server.answer = onCall((_, response) => void response.writeHead(status, { location: other.url }).end())
    const error = await failureOf(call('read'))
    expect(error).toMatchObject({ code: 'tool-source/unavailable', meta: { reason: 'redirect', status } })
    expect(other.heard).toEqual([])
  },
)

test('a session that is lost is begun again once, and only what does no harm is called again [MCP-18]', async () => {
  const server = await httpServer()
  const { call, connection } = await connect(server)
  server.sessions.clear()
  expect(await call('read')).toMatchObject({ text: 'hello' })
  const before = server.calls()
  server.sessions.clear()
  const error = await failureOf(call('write'))
  expect(error).toMatchObject({ code: 'tool-source/unavailable', meta: { reason: 'session_lost' } })
  expect(server.calls()).toBe(before + 1)
  expect(await call('write')).toMatchObject({ text: 'hello' })
  server.answer = onCall((_, response) => void response.writeHead(404).end())
  const calls = server.calls()
  expect((await failureOf(call('read'))).code).toBe('tool-source/unavailable')
  expect(server.calls()).toBe(calls + 2)
  server.answer = () => undefined
  server.sessions.clear()
  expect(await connection.list()).toHaveLength(2)
})

test('answers as events, with others among them [MCP-15]', async () => {
  const server = await httpServer()
  const { call } = await connect(server)
  server.answer = onCall(({ id }, response) => {
    const send = (message: unknown) => response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
    events(response)
    send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } })
    send({ jsonrpc: '2.0', id: (id ?? 0) + 500, result: text('nobody asked') })
    send({ jsonrpc: '2.0', id, result: text('mine') })
    send({ jsonrpc: '2.0', id, result: text('twin') })
    response.end()
  })
  expect(await call('read')).toMatchObject({ text: 'mine' })
  expect(await call('read')).toMatchObject({ text: 'mine' })
})

test.each(['end', 'reset'])(
  'a stream that is lost before the answer fails the call at once (%s) [MCP-19]',
  async (how) => {
    const server = await httpServer()
    const { call } = await connect(server, { timeoutMs: 20_000 })
    server.answer = onCall((_, response) => {
      events(response)
      response.write(': nothing yet\n\n', () => (how === 'end' ? response.end() : response.destroy()))
    })
    const error = await failureOf(call('write'))
    expect(error).toMatchObject({
      code: 'tool-source/unavailable',
      retryable: false,
      meta: { reason: 'stream' },
    })
  },
)

test.each(['json', 'events', 'one event without an end'])(
  'a body without an end is cut off (%s) [MCP-19]',
  async (how) => {
    const server = await httpServer()
    const { call } = await connect(server, { maxMessageBytes: 1_000_000, timeoutMs: 20_000 })
    let sent = 0
    server.answer = onCall((_, response) => {
      if (how === 'json') response.writeHead(200, { 'content-type': 'application/json' })
      else events(response)
      const part = how === 'events' ? `data: ${'x'.repeat(65_536)}` : 'x'.repeat(65_536)
      const flood = (): void => {
        while (!response.destroyed && response.write(part)) sent += part.length
        response.once('drain', flood)
      }
      flood()
    })
    const error = await failureOf(call('read'))
    expect(error).toMatchObject({ code: 'tool-source/malformed', meta: { reason: 'too_long' } })
    await expect.poll(server.closedEarly).toBe(1)
    expect(sent).toBeLessThan(50_000_000)
  },
)

test('a server that dribbles is given up in time, and its socket is let go [MCP-13]', async () => {
  const server = await httpServer()
  const { call } = await connect(server, { timeoutMs: 400 })
  server.answer = onCall((_, response) => {
    events(response)
    const timer = setInterval(() => response.write(':\n'), 20)
    response.on('close', () => clearInterval(timer))
  })
  const error = await failureOf(call('read'))
  expect(error).toMatchObject({ code: 'tool-source/timeout', meta: { timeoutMs: 400 } })
  await expect.poll(server.closedEarly).toBe(1)
  await expect.poll(() => server.heard.map(({ method }) => method)).toContain('notifications/cancelled')
})

test('a server that says nothing at all is given up in time, and an abort ends a call at once [MCP-13]', async () => {
  const server = await httpServer()
  const { call } = await connect(server, { timeoutMs: 400 })
  server.answer = onCall(() => undefined)
  expect((await failureOf(call('read'))).code).toBe('tool-source/timeout')
  await expect.poll(server.closedEarly).toBe(1)
  const caller = new AbortController()
  const ended = call('read', { text: '' }, caller.signal)
  const reason = new Error('enough')
  caller.abort(reason)
  await expect(ended).rejects.toBe(reason)
  server.answer = () => undefined
  expect(await call('read')).toMatchObject({ text: 'hello' })
})

test.each([
  [500, 'tool-source/unavailable', false],
  [503, 'tool-source/unavailable', true],
  [429, 'tool-source/unavailable', true],
  [403, 'tool-source/auth', false],
])('status %i of a call is %s', async (status, code, retryable) => {
  const server = await httpServer()
  const { call } = await connect(server)
  server.answer = onCall((_, response) => void response.writeHead(status).end('secret words'))
  const error = await failureOf(call('write'))
  expect(error).toMatchObject({ code, retryable, meta: { status } })
  expect(JSON.stringify(error)).not.toContain('secret words')
})

test('what is not the protocol is told by name', async () => {
  const server = await httpServer()
  const { call } = await connect(server)
  const answers: readonly [string, string][] = [
    ['text/html', '<p>hello</p>'],
    ['application/json', 'not json'],
    ['application/json', '{"jsonrpc":"2.0"}'],
    ['application/json', '[1]'],
  ]
  for (const [type, body] of answers) {
    server.answer = onCall((_, response) => void response.writeHead(200, { 'content-type': type }).end(body))
    expect((await failureOf(call('read'))).code).toBe('tool-source/malformed')
  }
  server.answer = onCall(({ id }, response) => json(response, id, text('well')))
  expect(await call('read')).toMatchObject({ text: 'well' })
})

test('a server that is not there is told by name, and may be tried again', async () => {
  const error = await failureOf(
    mcp({ name: 'web', transport: { type: 'http', url: 'http://127.0.0.1:1/mcp' } }).open({
      sessionId: 's',
      sandbox: noSandbox,
      logger: keptLogger(),
    }),
  )
  expect(error).toMatchObject({
    code: 'tool-source/unavailable',
    retryable: true,
    meta: { reason: 'network' },
  })
})

test.each([
  [{ name: 'Bad_Name' }, /name must be/],
  [{ transport: { type: 'http', url: 'nowhere' } }, /not an address/],
  [{ transport: { type: 'http', url: 'file:///etc/passwd' } }, /http or https/],
  [{ transport: { type: 'http', url: 'https://ann:s3cret@example.com' } }, /holds credentials/],
  [{ transport: { type: 'stdio', command: '' } }, /command is missing/],
  [{ transport: { type: 'stdio', command: 'x' }, auth: bearerAuth('x') }, /auth is for http/],
  [{ transport: { type: 'carrier-pigeon' } }, /must be 'stdio' or 'http'/],
  [{ timeoutMs: 0 }, /timeoutMs must be/],
  [{ tools: 'all' }, /tools must be/],
])('options %j are refused as a TypeError', (over, message) => {
  const options = { name: 'x', transport: { type: 'http', url: 'https://example.com' }, ...over }
  expect(() => mcp(options as never)).toThrow(message)
  expect(() => mcp(options as never)).toThrow(TypeError)
})
