import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { defineAgent, defineHarness, defineTool, defineWorkflow, nodePlatform } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import { openaiCompatible } from '@belay/openai-provider'
import { faultyStore, processPlatform, recordingLogger } from '@belay/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { tempFolder } from '../src/index.ts'
import { canariesIn, formNames, inForm } from './support/canary-forms.ts'
import { collectTelemetry } from './support/collected-telemetry.ts'
import { startProvider, type ProviderAnswer, type SeenRequest } from './support/provider-stand-in.ts'

/** Long, with characters that every encoding writes in its own way, and no two alike. */
const canary = (name: string): string =>
  `Cnry-${name}/"Zq8w&Lk3~${name.length}mVx=7Hp+${Array.from(name).toReversed().join('')}`

/** What gives access to something: not even the journal may hold it. */
const credentials = {
  apiKey: canary('api-key'),
  header: canary('header'),
  userInfo: 'Cnryuserinfo8wLk3mVx7HpQz',
  urlQuery: canary('url-query'),
}

/** What people and models wrote: in the journal, and nowhere else. */
const contents = {
  prompt: canary('prompt'),
  instructions: canary('instructions'),
  answer: canary('answer'),
  toolInput: canary('tool-input'),
  toolResult: canary('tool-result'),
  toolMessage: canary('tool-message'),
  toolCause: canary('tool-cause'),
  errorName: 'CnryErrorName8wLk3mVx7HpQz',
  metadata: canary('metadata'),
  providerBody: canary('provider-body'),
  memoryKey: 'Cnry.memory.key.8wLk3mVx7HpQz',
  memoryValue: canary('memory-value'),
  stepResult: canary('step-result'),
  signal: canary('signal'),
  cancelReason: canary('cancel-reason'),
  madeUpTool: 'Cnry_made_up_tool_8wLk3mVx7',
}
const canaries = { ...credentials, ...contents }

const speak = defineTool({
  name: 'speak',
  description: 'Speaks.',
  input: z.object({ text: z.string(), fail: z.boolean() }),
  effect: 'read',
  execute: async ({ fail }, { memory, log, metrics }) => {
    await memory.session.write(contents.memoryKey, contents.memoryValue)
    log.info('tool was called')
    metrics.counter('app.calls')
    if (!fail) return { said: contents.toolResult }
    const error = new Error(contents.toolMessage, { cause: new Error(contents.toolCause) })
    error.name = contents.errorName
    throw error
  },
})
const agent = defineAgent({
  name: 'speaker',
  model: 'fast',
  instructions: contents.instructions,
  tools: [speak],
})
const flow = defineWorkflow({
  name: 'flow',
  input: z.string(),
  output: z.string(),
  agents: { agent },
  run: async (ctx, prompt) => {
    await ctx.step('fetch', () => contents.stepResult)
    const answer = await ctx.agents.agent(prompt)
    await ctx.wait('go', { schema: z.string() })
    return answer
  },
})

const speaks = (fail: boolean): ProviderAnswer => ({
  call: { name: 'speak', arguments: JSON.stringify({ text: contents.toolInput, fail }) },
})
const answers: ProviderAnswer = { text: contents.answer }
const refuses = (status: number): ProviderAnswer => ({
  status,
  // The worst that a provider can do: it echoes the whole request.
  body: ({ headers, url, body }: SeenRequest) =>
    JSON.stringify({
      error: {
        message: `${contents.providerBody} ${JSON.stringify(headers)} ${url} ${body}`,
        code: contents.providerBody,
      },
    }),
})

/** One harness over a file, with everything that leaves it collected. */
async function world(
  script: readonly ProviderAnswer[],
  options: { readonly url?: string; readonly capture?: boolean } = {},
) {
  const folder = tempFolder()
  const file = folder.file('runs.db')
  const provider = await startProvider(script)
  const collected = collectTelemetry()
  const logger = recordingLogger()
  const model = openaiCompatible({
    baseURL:
      options.url ?? `http://127.0.0.1:${provider.port}/v1?key=${encodeURIComponent(credentials.urlQuery)}`,
    apiKey: credentials.apiKey,
    headers: { 'x-canary': credentials.header },
  })('stand-in')
  const harnessOn = (store = sqliteStore({ file }), platform = nodePlatform()) =>
    defineHarness({
      name: 'canaries',
      platform,
      models: { fast: { model, retry: { maxAttempts: 2, minDelayMs: 1 } } },
      agents: { agent },
      workflows: { flow },
      store,
      logger,
      telemetry: {
        ...collected.telemetry,
        flavor: 'dual',
        ...(options.capture !== undefined && { contentCapture: options.capture }),
      },
    })
  const logText = (): string => JSON.stringify(logger.lines)
  /** What is known outside the journal, and what the files hold. */
  const leaks = async (runId: string) => {
    const reader = harnessOn()
    const audit: unknown[] = []
    for await (const event of reader.runs.audit(runId)) audit.push(event)
    await reader.shutdown()
    expect(audit.length).toBeGreaterThan(1)
    const journal = readdirSync(dirname(file)).map((name) =>
      readFileSync(`${dirname(file)}/${name}`).toString('latin1'),
    )
    return {
      logs: canariesIn(logText(), canaries),
      spans: canariesIn(collected.spanText(), canaries),
      metrics: canariesIn(await collected.metricText(), canaries),
      audit: canariesIn(JSON.stringify(audit), canaries),
      journal: canariesIn(journal.join('\n'), credentials),
    }
  }
  return {
    file,
    provider,
    collected,
    logText,
    harnessOn,
    leaks,
    async [Symbol.asyncDispose]() {
      collected[Symbol.dispose]()
      await provider[Symbol.asyncDispose]()
      folder.remove()
    },
  }
}

const nowhere = { logs: [], spans: [], metrics: [], audit: [], journal: [] }
const options = { durable: { runId: 'r' }, metadata: { nested: { note: contents.metadata } } }

test('a canary is found in every form', () => {
  for (const form of formNames) {
    for (const [name, secret] of Object.entries(canaries))
      expect(canariesIn(`before ${inForm(secret, form)} after`, canaries), `${name}, ${form}`).toContainEqual(
        expect.stringContaining(name),
      )
  }
  expect(canariesIn('nothing at all', canaries)).toEqual([])
})

test('a run that succeeds leaks nothing [TEL-5]', async () => {
  await using given = await world([speaks(false), answers])
  const harness = given.harnessOn()
  const session = await harness.getSession('s')
  expect(await session.agents.agent.run(contents.prompt, options)).toBe(contents.answer)
  await harness.shutdown()
  // The canaries were there to be found.
  expect(given.provider.seen[0]?.headers.authorization).toContain(credentials.apiKey)
  expect(canariesIn(given.provider.seen.at(-1)?.body ?? '', contents)).not.toEqual([])
  expect(await given.leaks('r')).toEqual(nowhere)
})

test('a tool that fails, and one that a model made up, leak nothing [TEL-5]', async () => {
  const madeUp: ProviderAnswer = { call: { name: contents.madeUpTool, arguments: contents.toolInput } }
  await using given = await world([speaks(true), madeUp, answers])
  const harness = given.harnessOn()
  const session = await harness.getSession('s')
  await session.agents.agent.run(contents.prompt, options)
  await harness.shutdown()
  expect(given.collected.spans().map(({ name }) => name)).toContain('execute_tool')
  expect(await given.leaks('r')).toEqual(nowhere)
})

test.each([400, 401, 500])('a provider that echoes the request with %s leaks nothing', async (status) => {
  await using given = await world([refuses(status), refuses(status)])
  const harness = given.harnessOn()
  const session = await harness.getSession('s')
  await expect(session.agents.agent.run(contents.prompt, options)).rejects.toThrow()
  await harness.shutdown()
  expect(given.logText()).toContain('run failed')
  expect(await given.leaks('r')).toEqual(nowhere)
})

test('a URL with a user and a password leaks nothing', async () => {
  await using given = await world([], { url: `http://user:${credentials.userInfo}@127.0.0.1:1/v1` })
  const harness = given.harnessOn()
  const session = await harness.getSession('s')
  await expect(session.agents.agent.run(contents.prompt, options)).rejects.toThrow()
  await harness.shutdown()
  expect(await given.leaks('r')).toEqual(nowhere)
})

test('a run that is cancelled leaks nothing', async () => {
  await using given = await world(['silence'])
  const harness = given.harnessOn()
  const session = await harness.getSession('s')
  const handle = await session.agents.agent.start(contents.prompt, options)
  await given.provider.waiting
  await handle.cancel(contents.cancelReason)
  await expect(handle.result).rejects.toThrow()
  await harness.shutdown()
  expect(given.logText()).toContain('run cancelled')
  expect(await given.leaks('r')).toEqual(nowhere)
})

test('a run that dies, goes on, waits and takes a signal leaks nothing', async () => {
  await using given = await world([speaks(false), answers, answers])
  const file = sqliteStore({ file: given.file })
  const dead = new Set<string>()
  let appends = 0
  const dying = faultyStore(file, [
    { at: ({ method }) => method === 'journal.append' && ++appends === 4, side: 'after', effect: 'die' },
  ])
  const platform = processPlatform(nodePlatform(), 'dying', dead)
  const first = await given.harnessOn(dying, platform).getSession('s')
  await first.workflows.flow.start(contents.prompt, options)
  await dying.death
  await dying.settled()
  await file.close()
  dead.add('dying')
  const harness = given.harnessOn(
    sqliteStore({ file: given.file }),
    processPlatform(nodePlatform(), 'living', dead),
  )
  const session = await harness.getSession('s')
  await harness.runs.signal('r', 'go', contents.signal).catch(() => undefined)
  expect(await session.workflows.flow.run(contents.prompt, options)).toBe(contents.answer)
  await harness.shutdown()
  expect(await given.leaks('r')).toEqual(nowhere)
})

test('content that is asked for is on spans, and never in logs, metrics or the audit view [TEL-6]', async () => {
  await using given = await world([speaks(true), answers], { capture: true })
  const harness = given.harnessOn()
  const session = await harness.getSession('s')
  await session.agents.agent.run(contents.prompt, options)
  await harness.shutdown()
  const { spans, ...others } = await given.leaks('r')
  const found = new Set(spans.map((each) => each.split(' ')[0]))
  for (const name of ['prompt', 'instructions', 'answer', 'toolInput']) expect(found).toContain(name)
  for (const name of Object.keys(credentials)) expect(found).not.toContain(name)
  expect(others).toEqual({ logs: [], metrics: [], audit: [], journal: [] })
})
