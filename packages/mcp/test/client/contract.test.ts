import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toolSourceContract, type ToolSourceSubject } from '@belay/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { mcp } from '../../src/index.ts'

const server = fileURLToPath(new URL('./fixtures/agreed-server.ts', import.meta.url))
// Each case starts a process, which loads the SDK.
const env = { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '' }
const tools = { echo: 'echo', fail: 'fail', slow: 'slow' }

/** What a server counts in its folder, and how it is told to change. */
function counted() {
  const folder = mkdtempSync(join(tmpdir(), 'belay-mcp-'))
  const pids = (file: string): number[] =>
    existsSync(join(folder, file))
      ? readFileSync(join(folder, file), 'utf8').trim().split('\n').map(Number)
      : []
  return {
    folder,
    pids,
    subject: {
      tools,
      echoCalls: () => pids('echo').length,
      slowCalls: () => pids('slow').length - pids('slow-ended').length,
      changeEcho: () => writeFileSync(join(folder, 'changed'), ''),
    },
  }
}

async function overStdio(): Promise<ToolSourceSubject> {
  const { folder, pids, subject } = counted()
  return {
    ...subject,
    source: mcp({
      name: 'agreed',
      transport: {
        type: 'stdio',
        command: process.execPath,
        args: [server, 'stdio', folder],
        env,
        host: true,
      },
    }),
    crash: () => void process.kill(pids('pids').at(-1) ?? 0, 'SIGKILL'),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** One process serves all cases; each has an address of its own. */
async function startHttp(port = 0): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = fork(server, ['http', String(port)], { execArgv: [] })
  const [taken] = (await once(child, 'message')) as [number]
  return { child, port: taken }
}

let http: Awaited<ReturnType<typeof startHttp>>

async function endHttp(): Promise<void> {
  http.child.kill('SIGKILL')
  await once(http.child, 'exit')
}

beforeAll(async () => {
  http = await startHttp()
})
afterAll(endHttp)

async function overHttp(): Promise<ToolSourceSubject> {
  const { folder, subject } = counted()
  return {
    ...subject,
    source: mcp({
      name: 'agreed',
      transport: { type: 'http', url: `http://127.0.0.1:${http.port}${folder}` },
    }),
    crash: async () => {
      await endHttp()
      http = await startHttp(http.port)
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

describe.each(Object.entries({ overStdio, overHttp }))('the contract of tool sources, %s', (_, subjects) => {
  test.for(toolSourceContract(subjects))('$title', async (each, { skip }) => {
    const { skipped } = await each.run()
    if (skipped !== undefined) skip(skipped)
  })
})
