import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { startChatServer } from './support/chat-server.ts'
import { harbourDocuments, harbourQuestion, makePlace, writeFiles } from './support/documents.ts'
import { runQuickstartProcess } from './support/quickstart-process.ts'

const key = 'sk-harbour-0123456789'

test('the whole job over the protocol of OpenAI', async () => {
  using place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  using server = await startChatServer(key)
  const env = { OPENAI_API_KEY: key, OPENAI_BASE_URL: server.baseURL, OPENAI_MODEL: 'harbour-1' }
  const online = await runQuickstartProcess(['docs', harbourQuestion, '--out', 'online'], {
    cwd: place.root,
    env,
  })
  expect(online).toMatchObject({ code: 0, stderr: '' })
  expect(online.stdout).toContain(`using harbour-1 at ${server.baseURL}\n`)
  expect(online.stdout).toContain('planner: model 100 tokens in, 10 out\n')
  expect(new Set(server.requests.map(({ model }) => model))).toEqual(new Set(['harbour-1']))
  expect(new Set(server.requests.map((request) => request.response_format?.json_schema.name))).toEqual(
    new Set(['planner', 'reader', 'writer']),
  )
  // The server thinks like the embedded model, so the protocol in between must change nothing.
  const offline = await runQuickstartProcess(['docs', harbourQuestion, '--out', 'offline'], {
    cwd: place.root,
  })
  expect(offline).toMatchObject({ code: 0, stderr: '' })
  const report = readFileSync(place.path('online', 'report.md'), 'utf8')
  expect(report).toBe(readFileSync(place.path('offline', 'report.md'), 'utf8'))
  expect(report).toContain('(../docs/fog.md#L3)')
  expect(online.stdout + online.stderr).not.toContain(key)
})

test('a finished run asks the server nothing', async () => {
  using place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  using server = await startChatServer(key)
  const env = { OPENAI_API_KEY: key, OPENAI_BASE_URL: server.baseURL, OPENAI_MODEL: 'harbour-1' }
  const args = ['docs', harbourQuestion, '--run', 'once']
  expect(await runQuickstartProcess(args, { cwd: place.root, env })).toMatchObject({ code: 0 })
  const { length } = server.requests
  expect(await runQuickstartProcess(args, { cwd: place.root, env })).toMatchObject({ code: 0 })
  expect(server.requests.length).toBe(length)
})

test('a wrong key: one line that names the variable, and the run goes on with the right one', async () => {
  using place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  using server = await startChatServer(key)
  const env = { OPENAI_BASE_URL: server.baseURL, OPENAI_MODEL: 'harbour-1' }
  const args = ['docs', harbourQuestion, '--run', 'keyed']
  const wrong = await runQuickstartProcess(args, {
    cwd: place.root,
    env: { ...env, OPENAI_API_KEY: 'sk-wrong-987654321' },
  })
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toBe(
    `${server.baseURL} refused the key (status 401): check OPENAI_API_KEY (model/auth).\n`,
  )
  expect(wrong.stdout).not.toContain('987654321')
  expect(server.refused).toBe(1)
  const missing = await runQuickstartProcess(args, { cwd: place.root, env })
  expect(missing.stderr).toBe(
    `${server.baseURL} refused the key (status 401): set OPENAI_API_KEY (model/auth).\n`,
  )
  const right = await runQuickstartProcess(args, { cwd: place.root, env: { ...env, OPENAI_API_KEY: key } })
  expect(right).toMatchObject({ code: 0, stderr: '' })
  expect(right.stdout).toMatch(/^going on with run keyed: \d+ steps? recorded$/m)
})

test('a server that is not there: one line that names the variable', async () => {
  using place = makePlace()
  writeFiles(place.path('docs'), harbourDocuments)
  const env = { OPENAI_BASE_URL: `http://127.0.0.1:${await closedPort()}/v1`, OPENAI_MODEL: 'harbour-1' }
  const { code, stderr } = await runQuickstartProcess(['docs', harbourQuestion], { cwd: place.root, env })
  expect(code).toBe(1)
  expect(stderr).toBe(
    `${env.OPENAI_BASE_URL} gives no answer: check OPENAI_BASE_URL (model/network, ECONNREFUSED).\n`,
  )
})

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
