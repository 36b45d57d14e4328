import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow, type HarnessError } from '../src/index.ts'
import type { ModelRequest } from '../src/ports/index.ts'
import { gate } from './fixtures/collect.ts'
import { calls, says, scriptedModel, type Turn } from './fixtures/scripted-model.ts'

let server: Server
/** Opened when a request has come that is not answered. */
let waiting = gate()

beforeEach(async () => {
  waiting = gate()
  server = createServer((received, response) => {
    if (received.url === '/answers') return void response.end('ok')
    response.write('a part')
    waiting.open()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
})

/** A connection of its own for each call, which lives as long as its caller wants an answer. */
function ask(path: string, signal: AbortSignal): Promise<string> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, signal, agent: false }, (response) => {
      text(response).then(resolve, reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

const connections = (): Promise<number> =>
  new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )

const models =
  (path: string): Turn =>
  async (_request: ModelRequest, signal) =>
    says(await ask(path, signal))

const call = (path: string) => calls(['c', 'fetch', { path }])

function harnessOf(script: readonly Turn[]) {
  const tool = defineTool({
    name: 'fetch',
    description: 'Fetches.',
    input: z.object({ path: z.string() }),
    execute: ({ path }, { signal }) => ask(path, signal),
  })
  const helper = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [tool] })
  const fails = defineWorkflow({
    name: 'fails',
    input: z.string(),
    output: z.null(),
    agents: { helper },
    run: async (ctx, input) => {
      void ctx.agents.helper(input)
      await ctx.step('begun', () => waiting.opened)
      throw new TypeError('I give up')
    },
  })
  return defineHarness({
    name: 'test',
    models: { main: scriptedModel(script) },
    agents: { helper },
    workflows: { fails },
  })
}

type Harness = ReturnType<typeof harnessOf>
type Session = Awaited<ReturnType<Harness['getSession']>>

const cancelled = async (session: Session): Promise<unknown> => {
  const handle = await session.agents.helper.start('go')
  await waiting.opened
  await handle.cancel()
  return handle.result
}
const aborted = async (session: Session): Promise<unknown> => {
  const stop = new AbortController()
  const result = session.agents.helper.run('go', { signal: stop.signal })
  await waiting.opened
  stop.abort()
  return result
}
const timedOut = (session: Session): Promise<unknown> => session.agents.helper.run('go', { timeoutMs: 50 })
const failed = (session: Session): Promise<unknown> => session.workflows.fails.run('go')
const succeeded = (session: Session): Promise<unknown> => session.agents.helper.run('go')

test.each<[string, (session: Session) => Promise<unknown>, readonly Turn[], string]>([
  ['succeeds', succeeded, [call('/answers'), models('/answers')], 'ok'],
  ['is cancelled in a call of its model', cancelled, [models('/hangs')], 'run/cancelled'],
  ['is cancelled in a call of a tool', cancelled, [call('/hangs')], 'run/cancelled'],
  ['is aborted by its caller', aborted, [models('/hangs')], 'run/cancelled'],
  ['takes too long', timedOut, [call('/hangs')], 'operation/timeout'],
  ['fails while a child is in a call of its model', failed, [models('/hangs')], 'TypeError'],
  ['fails while a child is in a call of a tool', failed, [call('/hangs')], 'TypeError'],
])('no socket is left of a run that %s [RUN-35]', async (_title, run, script, expected) => {
  const session = await harnessOf(script).getSession('s')
  const end = await run(session).catch((error: HarnessError) => error.code ?? error.name)
  expect(end).toBe(expected)
  await expect.poll(connections, { timeout: 5_000 }).toBe(0)
})
