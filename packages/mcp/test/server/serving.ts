import { once } from 'node:events'
import { defineAgent, defineHarness, defineTool, defineWorkflow, type Harness } from '@belay/core'
import { scriptedModel, textTurn, toolCallTurn, type ScriptedModel } from '@belay/testing'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { z } from 'zod'
import {
  serveMcp,
  type HttpTransportOptions,
  type McpServing,
  type ServeMcpOptions,
} from '../../src/index.ts'

/** What the definitions of the tests saw and what they wait for. */
export interface Seen {
  readonly aborted: string[]
  readonly metadata: unknown[]
  readonly started: (() => void)[]
}

/** A harness with one of each kind of tool. */
export function testHarness(): {
  readonly harness: Harness
  readonly model: ScriptedModel
  readonly expose: ServeMcpOptions['expose']
  readonly seen: Seen
  readonly hanging: () => Promise<void>
} {
  const seen: Seen = { aborted: [], metadata: [], started: [] }
  const lookUp = defineTool({
    name: 'look_up',
    description: 'Looks a word up.',
    input: z.object({ word: z.string() }),
    execute: async ({ word }, ctx) => {
      seen.metadata.push(ctx.metadata)
      if (word !== 'hang') return `${word}: found`
      for (const resolve of seen.started.splice(0)) resolve()
      await once(ctx.signal, 'abort')
      seen.aborted.push('look_up')
      throw ctx.signal.reason
    },
  })
  const writer = defineAgent({ name: 'writer', model: 'fast', instructions: 'Answer.', tools: [lookUp] })
  const judge = defineAgent({
    name: 'judge',
    model: 'fast',
    instructions: 'Judge.',
    input: z.object({ text: z.string(), strict: z.boolean().optional() }),
    output: z.object({ verdict: z.enum(['good', 'bad']) }),
  })
  const add = defineWorkflow({
    name: 'add',
    input: z.object({ a: z.number(), b: z.number() }),
    output: z.number(),
    run: async (ctx, { a, b }) => ctx.step('sum', () => a + b),
  })
  const broken = defineWorkflow({
    name: 'broken',
    input: z.object({}),
    output: z.string(),
    run: () => {
      throw new Error('canary-stack /secret/path')
    },
  })
  const decide = defineWorkflow({
    name: 'decide',
    input: z.object({ topic: z.string() }),
    output: z.object({ topic: z.string(), ok: z.boolean() }),
    run: async (ctx, { topic }) => {
      const ok = await ctx.wait('decision', { schema: z.boolean() })
      return { topic, ok }
    },
  })
  // Answers by what it is asked, so that calls of several clients may come in any order.
  const model = scriptedModel((request) => {
    const last = request.messages.at(-1)
    const text = JSON.stringify(last)
    if (last?.role === 'tool') return textTurn(`told: ${text.includes('found') ? 'found' : 'nothing'}`)
    if (text.includes('hang')) return toolCallTurn([{ name: 'look_up', arguments: { word: 'hang' } }])
    if (text.includes('look')) return toolCallTurn([{ name: 'look_up', arguments: { word: 'belay' } }])
    if (text.includes('verdict')) return textTurn('{"verdict":"good"}')
    return textTurn(`messages: ${request.messages.length}`)
  })
  const harness = defineHarness({
    name: 'served',
    models: { fast: model },
    agents: { writer, judge },
    workflows: { add, broken, decide },
  })
  return {
    harness,
    model,
    seen,
    hanging: () => new Promise((resolve) => seen.started.push(resolve)),
    expose: {
      agents: {
        writer: { definition: writer, description: 'Writes an answer.' },
        judge: { definition: judge, description: 'Judges a text.', annotations: { readOnlyHint: true } },
      },
      workflows: {
        add: { definition: add, description: 'Adds two numbers.' },
        broken: { definition: broken, description: 'Fails.', tool: 'always.fails' },
        decide: { definition: decide, description: 'Waits for a decision.' },
      },
    },
  }
}

/** Serves over HTTP on a free port; `token` says who asks. */
export async function serveHttpForTest(
  harness: Harness,
  options: Omit<ServeMcpOptions, 'transport'>,
  transport: Partial<HttpTransportOptions> = {},
): Promise<McpServing & { readonly url: URL }> {
  const serving = await serveMcp(harness, {
    ...options,
    transport: {
      type: 'http',
      port: 0,
      authenticate: ({ headers }) => /^Bearer token-of-(\w+)$/.exec(headers.authorization ?? '')?.[1],
      ...transport,
    },
  })
  return { ...serving, url: serving.url! }
}

/** A client of the SDK. */
export async function connectClient(url: URL, who = 'ann'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' })
  const requestInit = { headers: { authorization: `Bearer token-of-${who}` } }
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }))
  return client
}
