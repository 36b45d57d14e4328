import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterEach, expect, test } from 'vitest'

const program = fileURLToPath(new URL('stdio-program.ts', import.meta.url))
const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function connect(): Promise<{
  readonly client: Client
  readonly stderr: () => string
  readonly pid: number
}> {
  const transport = new StdioClientTransport({ command: process.execPath, args: [program], stderr: 'pipe' })
  let text = ''
  transport.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const client = new Client({ name: 'test', version: '1' })
  open.push(client)
  await client.connect(transport)
  return { client, stderr: () => text, pid: transport.pid! }
}

test('a client lists, calls, hears progress and cancels over stdio [MCP-46]', async () => {
  const { client, stderr } = await connect()
  expect((await client.listTools()).tools).toHaveLength(5)
  const messages: unknown[] = []
  const judged = await client.callTool({ name: 'judge', arguments: { text: 'verdict' } }, undefined, {
    onprogress: ({ message }) => messages.push(message),
  })
  expect(judged.structuredContent).toEqual({ verdict: 'good' })
  expect(messages).toContain('started')
  const abort = new AbortController()
  const call = client.callTool({ name: 'writer', arguments: { input: 'hang' } }, undefined, {
    signal: abort.signal,
  })
  call.catch(() => undefined)
  await expect.poll(stderr, { timeout: 20_000 }).toContain('hanging')
  abort.abort('enough')
  await expect(call).rejects.toThrow('enough')
  expect((await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } })).content).toEqual([
    { type: 'text', text: '3' },
  ])
  await client.close()
  await expect.poll(stderr, { timeout: 20_000 }).toContain('closed, aborted: look_up')
})

test('what the program writes to stdout goes to stderr, and the protocol is whole [MCP-47]', async () => {
  const { lines, stderr } = await talk((child) => {
    child.stdin!.end(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })}\nthis is no message\n`)
  })
  expect(lines).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }])
  expect(stderr).toContain('a line that is no message\nanother one\n')
})

test('the end of stdin ends the server and cancels what runs [MCP-48]', async () => {
  const { stderr, code } = await talk((child) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      if (chunk.includes('hanging')) child.stdin!.end()
    })
    const call = { name: 'writer', arguments: { input: 'hang' } }
    child.stdin!.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call })}\n`)
  })
  expect(stderr).toContain('closed, aborted: look_up')
  expect(code).toBe(0)
})

/** Runs the program to its end. */
async function talk(
  speak: (child: ChildProcess) => void,
): Promise<{ readonly lines: readonly unknown[]; readonly stderr: string; readonly code: number }> {
  const child = spawn(process.execPath, [program], { stdio: 'pipe' })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  speak(child)
  const [code] = (await once(child, 'close')) as [number]
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { lines: lines.map((line) => JSON.parse(line) as unknown), stderr, code }
}
