import { fileURLToPath } from 'node:url'
import { mcp } from '@belay/mcp'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { alternate, median, wallOf, type Subject } from './measure.ts'
import type { Report } from './report.ts'

const callsPerRound = 500

const command = process.execPath
const args = [fileURLToPath(new URL('echo-server.js', import.meta.url))]
const text = 'hello'

/** Pairs of servers, one after the other: where the system puts a process decides more than what the client does. */
const pairs = 9

/** Calls per second over stdio, one after the other, beside the bare client of the SDK; both servers are the same program. */
export async function benchMcpEcho(report: Report, rounds: number): Promise<void> {
  const costs: { readonly belay: number; readonly bare: number }[] = []
  for (let pair = 0; pair < pairs; pair++) costs.push(await measurePair(Math.ceil(rounds / 3)))
  const [belay, bare] = [median(costs.map((cost) => cost.belay)), median(costs.map((cost) => cost.bare))]
  report.add({
    what: 'MCP stdio echo',
    values: { 'belay, calls per second': 1_000 / belay, 'bare SDK client, calls per second': 1_000 / bare },
    ratio: bare / belay,
    ratioOf: 'calls per second / calls per second of the bare client',
    bar: { atLeast: 0.85 },
  })
}

async function measurePair(rounds: number): Promise<{ readonly belay: number; readonly bare: number }> {
  const [ours, bare] = [await connection(), await bareClient()]
  try {
    const medians = await alternate([ours.subject, bare.subject], rounds)
    return { belay: medians.get('belay') ?? 0, bare: medians.get('bare') ?? 0 }
  } finally {
    await Promise.all([ours.close(), bare.close()])
  }
}

interface EchoClient {
  readonly subject: Subject
  close(): Promise<void>
}

async function connection(): Promise<EchoClient> {
  const source = mcp({ name: 'echo', transport: { type: 'stdio', command, args, host: true } })
  const nothing = (): void => undefined
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => logger }
  const sandbox = async (): Promise<never> => {
    throw new Error('It runs on the host.')
  }
  const opened = await source.open({ sessionId: 'bench', sandbox, logger })
  const [tool] = await opened.list()
  const { signal } = new AbortController()
  const options = { signal, idempotencyKey: 'bench', version: tool?.version ?? '' }
  return {
    subject: echoes('belay', async () => (await opened.call('echo', { text }, options)).text),
    close: () => source.close(),
  }
}

async function bareClient(): Promise<EchoClient> {
  const client = new Client({ name: 'bench', version: '1' })
  await client.connect(new StdioClientTransport({ command, args }))
  await client.listTools()
  const call = async (): Promise<unknown> => {
    const { content } = await client.callTool({ name: 'echo', arguments: { text } })
    return (content as readonly { readonly text?: string }[])[0]?.text
  }
  return { subject: echoes('bare', call), close: () => client.close() }
}

function echoes(name: string, call: () => Promise<unknown>): Subject {
  return {
    name,
    round: async () => {
      const wall = await wallOf(async () => {
        for (let count = 0; count < callsPerRound; count++)
          if ((await call()) !== text) throw new Error(`${name} gave another text back.`)
      })
      return wall / callsPerRound
    },
  }
}
