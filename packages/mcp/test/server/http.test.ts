import { request as httpRequest } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { serveMcp, type McpServing } from '../../src/index.ts'
import { connectClient, serveHttpForTest, testHarness } from './serving.ts'

const open: { close(): Promise<unknown> }[] = []
const keep = <T extends { close(): Promise<unknown> }>(value: T): T => {
  open.push(value)
  return value
}

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close()
})

async function serve(
  options: Partial<Parameters<typeof serveHttpForTest>[1]> = {},
  transport: Parameters<typeof serveHttpForTest>[2] = {},
): Promise<ReturnType<typeof testHarness> & { readonly serving: McpServing & { readonly url: URL } }> {
  const made = testHarness()
  keep({ close: () => made.harness.shutdown() })
  const serving = keep(await serveHttpForTest(made.harness, { expose: made.expose, ...options }, transport))
  return { ...made, serving }
}

const client = async (url: URL, who?: string): Promise<Client> => keep(await connectClient(url, who))

/** A request as no client library would make it. */
function raw(
  url: URL,
  init: { readonly headers?: Record<string, string>; readonly body?: string; readonly method?: string } = {},
): Promise<{ readonly status: number; readonly headers: Record<string, unknown>; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof raw>>>()
  const headers = {
    authorization: 'Bearer token-of-ann',
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    ...init.headers,
  }
  const request = httpRequest(url, { method: init.method ?? 'POST', headers, agent: false }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => (text += chunk))
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
  })
  request.on('error', reject)
  request.end(init.body)
  return promise
}

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
})

describe('tools', () => {
  test('agents and workflows are listed with their schemas [MCP-30]', async () => {
    const { serving } = await serve()
    const { tools } = await (await client(serving.url)).listTools()
    expect(tools.map(({ name }) => name)).toEqual(['add', 'always.fails', 'decide', 'judge', 'writer'])
    const judge = tools.find(({ name }) => name === 'judge')!
    expect(judge.description).toBe('Judges a text.')
    expect(judge.annotations).toEqual({ readOnlyHint: true })
    expect(judge.inputSchema).toMatchObject({
      type: 'object',
      properties: { text: { type: 'string' }, strict: { type: 'boolean' } },
      required: ['text'],
    })
    expect(judge.outputSchema).toMatchObject({
      type: 'object',
      properties: { verdict: { enum: ['good', 'bad'] } },
    })
    expect(tools.find(({ name }) => name === 'writer')!.inputSchema).toEqual({
      type: 'object',
      properties: { input: { type: 'string' } },
      required: ['input'],
      additionalProperties: false,
    })
    expect(tools.find(({ name }) => name === 'add')!.outputSchema).toBeUndefined()
  })

  test('an object is structured content, anything else is text [MCP-31]', async () => {
    const { serving } = await serve()
    const one = await client(serving.url)
    const judged = await one.callTool({ name: 'judge', arguments: { text: 'verdict?' } })
    expect(judged.structuredContent).toEqual({ verdict: 'good' })
    expect(judged.content).toEqual([{ type: 'text', text: '{"verdict":"good"}' }])
    const written = await one.callTool({ name: 'writer', arguments: { input: 'look' } })
    expect(written.content).toEqual([{ type: 'text', text: 'told: found' }])
    expect(written.structuredContent).toBeUndefined()
    const added = await one.callTool({ name: 'add', arguments: { a: 2, b: 3 } })
    expect(added.content).toEqual([{ type: 'text', text: '5' }])
  })

  test('a failure has a code and a message, and nothing else [MCP-32]', async () => {
    const { serving } = await serve()
    const one = await client(serving.url)
    const invalid = await one.callTool({ name: 'add', arguments: { a: 'two', b: 3 } })
    expect(invalid.isError).toBe(true)
    expect(JSON.stringify(invalid.content)).toContain('validation/input: The input of workflow')
    expect(invalid).toMatchObject({
      _meta: { 'belay/error': { code: 'validation/input', retryable: false } },
    })
    const failed = await one.callTool({ name: 'always.fails', arguments: {} })
    expect(failed.isError).toBe(true)
    const text = JSON.stringify(failed)
    expect(text).not.toContain('at ')
    expect(text).not.toContain('test/server')
    await expect(one.callTool({ name: 'nothing', arguments: {} })).rejects.toThrow('Unknown tool: nothing')
  })

  test('progress names what happens and not what is said [MCP-33]', async () => {
    const { serving } = await serve()
    const one = await client(serving.url)
    const heard: { progress: number; message?: string | undefined }[] = []
    await one.callTool({ name: 'writer', arguments: { input: 'look' } }, undefined, {
      onprogress: (progress) => heard.push(progress),
    })
    const messages = heard.map(({ message }) => message)
    expect(messages).toContain('started')
    expect(messages).toContain('tool look_up started')
    expect(messages).toContain('tool look_up finished')
    expect(messages.filter((message) => message?.startsWith('model')).length).toBeGreaterThan(0)
    expect(heard.map(({ progress }) => progress)).toEqual(heard.map((_, index) => index + 1))
    expect(JSON.stringify(heard)).not.toContain('belay: found')
  })

  test('a cancelled request cancels the run, down to the tool that executes [MCP-34]', async () => {
    const { serving, seen, hanging, harness } = await serve()
    const one = await client(serving.url)
    const started = hanging()
    const abort = new AbortController()
    const call = one.callTool({ name: 'writer', arguments: { input: 'hang' } }, undefined, {
      signal: abort.signal,
    })
    call.catch(() => undefined)
    await started
    abort.abort('enough')
    await expect(call).rejects.toThrow('enough')
    await expect.poll(() => seen.aborted).toEqual(['look_up'])
    await expect
      .poll(async () => (await harness.runs.list()).map(({ state }) => state))
      .toEqual(['cancelled'])
  })
})

describe('sessions and runs', () => {
  test('two clients at once share no conversation and do not get in each other’s way [MCP-35]', async () => {
    const { serving, harness } = await serve()
    const [ann, bob] = [await client(serving.url, 'ann'), await client(serving.url, 'bob')]
    const calls = [ann, bob, ann, bob, ann].map((one) =>
      one.callTool({ name: 'writer', arguments: { input: 'hi' } }),
    )
    for (const { content } of await Promise.all(calls)) {
      expect(content).toEqual([{ type: 'text', text: 'messages: 2' }])
    }
    expect(new Set((await harness.runs.list()).map(({ sessionId }) => sessionId)).size).toBe(5)
  })

  test('calls that share a session by sessionOf take turns [MCP-35]', async () => {
    const { serving } = await serve({ sessionOf: ({ principal }) => `of-${principal}` })
    const [ann, bob] = [await client(serving.url, 'ann'), await client(serving.url, 'bob')]
    const ask = (one: Client) => one.callTool({ name: 'writer', arguments: { input: 'hi' } })
    const results = await Promise.all([ask(ann), ask(ann), ask(ann), ask(bob)])
    const texts = results.map(({ content }) => (content as { text: string }[]).map(({ text }) => text).join())
    expect(texts).toEqual(['messages: 2', 'messages: 4', 'messages: 6', 'messages: 2'])
  })

  test('tools read who asks in the metadata of the run [MCP-36]', async () => {
    const { serving, seen } = await serve()
    await (await client(serving.url, 'bob')).callTool({ name: 'writer', arguments: { input: 'look' } })
    expect(seen.metadata).toMatchObject([{ mcp: { tool: 'writer', principal: 'bob' } }])
  })

  test('a client that lost its connection finds its run by the name that it gave [MCP-37]', async () => {
    const { serving, harness } = await serve({ durable: true })
    const call = { name: 'decide', arguments: { topic: 'x' }, _meta: { 'belay/runId': 'topic-1' } }
    const first = await connectClient(serving.url)
    const waiting = await first.callTool(call)
    expect(waiting.isError).toBe(true)
    expect(waiting).toMatchObject({
      _meta: { 'belay/runId': 'topic-1', 'belay/error': { code: 'run/suspended' } },
    })
    await first.close()
    const [run] = await harness.runs.list()
    await harness.runs.signal(run?.runId ?? '', 'decision', true)
    const second = await client(serving.url)
    await expect
      .poll(async () => (await second.callTool(call)).structuredContent)
      .toEqual({ topic: 'x', ok: true })
    expect(await harness.runs.list()).toHaveLength(1)
  })

  test('a durable run outlives the connection, another one does not [MCP-37]', async () => {
    for (const durable of [true, false]) {
      const { serving, seen, hanging, harness } = await serve({ durable, drainMs: 0 })
      const one = await connectClient(serving.url)
      const started = hanging()
      const call = one.callTool({
        name: 'writer',
        arguments: { input: 'hang' },
        _meta: { 'belay/runId': 'long' },
      })
      call.catch(() => undefined)
      await started
      await serving.close()
      await one.close()
      await expect(call).rejects.toThrow()
      if (durable) expect((await harness.runs.list()).map(({ state }) => state)).toEqual(['running'])
      else await expect.poll(() => seen.aborted).toEqual(['look_up'])
    }
  })

  test('the name of a run leads nobody else to it [MCP-38]', async () => {
    const { serving, harness } = await serve({ durable: true })
    const call = { name: 'judge', arguments: { text: 'verdict?' }, _meta: { 'belay/runId': 'mine' } }
    const runOf = async (who: string): Promise<unknown> => {
      expect((await (await client(serving.url, who)).callTool(call)).structuredContent).toEqual({
        verdict: 'good',
      })
      return (await harness.runs.list()).length
    }
    expect([await runOf('ann'), await runOf('bob'), await runOf('ann')]).toEqual([1, 2, 2])
    const bad = await (await client(serving.url)).callTool({ ...call, _meta: { 'belay/runId': '../x' } })
    expect(JSON.stringify(bad.content)).toContain('validation/options')
  })

  test('a call beyond maxCalls is refused and the others go on [MCP-39]', async () => {
    const { serving, hanging } = await serve({ maxCalls: 1, drainMs: 0 })
    const one = await client(serving.url)
    const started = hanging()
    const abort = new AbortController()
    const first = one.callTool({ name: 'writer', arguments: { input: 'hang' } }, undefined, {
      signal: abort.signal,
    })
    first.catch(() => undefined)
    await started
    const refused = await one.callTool({ name: 'add', arguments: { a: 1, b: 1 } })
    expect(refused).toMatchObject({
      _meta: { 'belay/error': { code: 'tool-source/unavailable', retryable: true } },
    })
    abort.abort()
    await expect
      .poll(async () => (await one.callTool({ name: 'add', arguments: { a: 1, b: 1 } })).isError ?? false)
      .toBe(false)
  })
})

describe('who may ask', () => {
  test('an unknown Host or Origin is refused, whatever the credentials [MCP-40]', async () => {
    const { serving } = await serve()
    const { host, port } = serving.url
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      (await raw(serving.url, { headers, body: initialize })).status
    expect(await statusOf({ host })).toBe(200)
    expect(await statusOf({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200)
    expect(await statusOf({ host: 'evil.example' })).toBe(403)
    expect(await statusOf({ host: `evil.example:${port}` })).toBe(403)
    expect(await statusOf({ host: `127.0.0.1.evil.example:${port}` })).toBe(403)
    expect(await statusOf({ origin: 'http://evil.example' })).toBe(403)
    expect(await statusOf({ origin: 'null' })).toBe(403)
    expect(await statusOf({ origin: `https://localhost:${port}` })).toBe(403)
  })

  test('nothing is answered without credentials, and no session of another principal [MCP-41]', async () => {
    const { serving } = await serve(
      {},
      { resourceMetadataUrl: 'https://api.example/.well-known/oauth-protected-resource' },
    )
    const refused = await raw(serving.url, { headers: { authorization: 'Bearer wrong' }, body: initialize })
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toBe(
      'Bearer resource_metadata="https://api.example/.well-known/oauth-protected-resource"',
    )
    const begun = await raw(serving.url, { body: initialize })
    const session = String(begun.headers['mcp-session-id'])
    const ping = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'ping' })
    const pingAs = async (who: string, id: string): Promise<number> =>
      (
        await raw(serving.url, {
          headers: { authorization: `Bearer token-of-${who}`, 'mcp-session-id': id },
          body: ping,
        })
      ).status
    expect(await pingAs('ann', session)).toBe(200)
    expect(await pingAs('bob', session)).toBe(404)
    expect(await pingAs('ann', 'made-up')).toBe(404)
    expect((await raw(serving.url, { body: ping })).status).toBe(400)
  })

  test('an authenticator that throws lets nobody in and shows nothing [MCP-41]', async () => {
    const { serving } = await serve(
      {},
      {
        authenticate: () => {
          throw new Error('canary')
        },
      },
    )
    const { status, text } = await raw(serving.url, { body: initialize })
    expect(status).toBe(500)
    expect(text).not.toContain('canary')
  })
})

describe('limits', () => {
  test('a body that is too large, no JSON or of another type is refused before it is taken [MCP-42]', async () => {
    const { serving } = await serve({}, { maxBodyBytes: 1_000 })
    const long = initialize.replace('"raw"', JSON.stringify('x'.repeat(2_000)))
    expect((await raw(serving.url, { body: long })).status).toBe(413)
    const chunked = await raw(serving.url, { headers: { 'transfer-encoding': 'chunked' }, body: long })
    expect(chunked.status).toBe(413)
    expect((await raw(serving.url, { body: '{' })).status).toBe(400)
    expect(
      (await raw(serving.url, { headers: { 'content-type': 'text/plain' }, body: initialize })).status,
    ).toBe(415)
    const nested = await serve()
    const deep = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    expect((await raw(nested.serving.url, { body: deep })).status).toBe(400)
  })

  test('sessions are limited in number, and over after their idle time [MCP-43]', async () => {
    const { serving } = await serve({}, { maxSessions: 1, idleMs: 40 })
    const first = await raw(serving.url, { body: initialize })
    const session = String(first.headers['mcp-session-id'])
    expect((await raw(serving.url, { body: initialize })).status).toBe(503)
    const ping = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'ping' })
    await expect
      .poll(async () => (await raw(serving.url, { body: initialize })).status, { interval: 100 })
      .toBe(200)
    expect((await raw(serving.url, { headers: { 'mcp-session-id': session }, body: ping })).status).toBe(404)
  })

  test('close lets a running call end, takes no new one and leaves no socket [MCP-44]', async () => {
    const { serving, hanging } = await serve({ drainMs: 60_000 })
    const one = await client(serving.url)
    const started = hanging()
    const abort = new AbortController()
    const slow = one.callTool({ name: 'writer', arguments: { input: 'hang' } }, undefined, {
      signal: abort.signal,
    })
    slow.catch(() => undefined)
    await started
    const closing = serving.close()
    const late = await one.callTool({ name: 'add', arguments: { a: 1, b: 1 } })
    expect(late).toMatchObject({ _meta: { 'belay/error': { code: 'tool-source/closed', retryable: true } } })
    expect((await raw(serving.url, { body: initialize })).status).toBe(503)
    abort.abort()
    await closing
    await serving.closed
    await expect(raw(serving.url, { body: initialize })).rejects.toThrow('ECONNREFUSED')
  })
})

describe('configuration', () => {
  test('what cannot work is refused by name before anything listens [MCP-45]', async () => {
    const { harness, expose } = testHarness()
    keep({ close: () => harness.shutdown() })
    const start = (options: object, transport: object = {}): Promise<unknown> =>
      serveHttpForTest(harness, { expose, ...options }, transport)
    const writer = expose.agents?.['writer']
    await expect(start({ durabel: true })).rejects.toThrow('options has no durabel')
    await expect(start({}, { port: 0, hosts: [] })).rejects.toThrow('transport has no hosts')
    await expect(start({}, { allowedHosts: 'localhost' })).rejects.toThrow('allowedHosts must be a list')
    await expect(start({}, { allowedOrigins: {} })).rejects.toThrow('allowedOrigins must be a list')
    await expect(serveMcp(harness, undefined as never)).rejects.toThrow('options must be an object')
    await expect(start({ expose: {} })).rejects.toThrow('names neither an agent nor a workflow')
    await expect(start({ expose: { workflows: { writer } } })).rejects.toThrow(
      'definition must be the workflow',
    )
    const other = { ...writer?.definition, name: 'other' }
    await expect(start({ expose: { agents: { other: { ...writer, definition: other } } } })).rejects.toThrow(
      'the harness "served" has no agent "other"',
    )
    await expect(start({ expose: { agents: { other: writer } } })).rejects.toThrow(
      'the harness "served" has no agent under "other"',
    )
    await expect(start({ expose: { agents: { writer: { ...writer, description: ' ' } } } })).rejects.toThrow(
      'description is missing',
    )
    await expect(start({ expose: { agents: { writer: { ...writer, tool: 'a b' } } } })).rejects.toThrow(
      'name of its tool',
    )
    await expect(start({}, { authenticate: undefined })).rejects.toThrow('authenticate is missing')
    await expect(start({}, { host: '0.0.0.0', authenticate: 'none' })).rejects.toThrow('is for loopback')
    await expect(start({}, { host: '0.0.0.0' })).rejects.toThrow('allowedHosts is missing')
    await expect(start({}, { port: 70_000 })).rejects.toThrow('port must be')
    await expect(start({}, { maxSessions: 0 })).rejects.toThrow('maxSessions must be above 0')
    await expect(start({ drainMs: -1 })).rejects.toThrow('drainMs')
    const taken = createServer().listen(0, '127.0.0.1')
    keep({ close: async () => taken.close() })
    await new Promise((resolve) => taken.once('listening', resolve))
    await expect(start({}, { port: (taken.address() as AddressInfo).port })).rejects.toMatchObject({
      code: 'tool-source/unavailable',
      meta: { reason: 'port_in_use' },
    })
  })
})
