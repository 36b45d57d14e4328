import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { defineHarness, defineWorkflow } from '@belay/core'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { serveMcp } from '../../src/index.ts'

/**
 * Scenarios of the official suite for what `serveMcp` offers. The others are about prompts, resources, completion,
 * logging, sampling, elicitation, and images, audio or resources in results: none of them is offered. Polling with
 * closed streams needs a store of sent events, which there is none of.
 */
const always = [
  'server-initialize',
  'tools-call-with-progress',
  'json-schema-2020-12',
  'dns-rebinding-protection',
]
/** A process each: with BELAY_SIZE=full. */
const more = [
  'ping',
  'tools-list',
  'tools-call-simple-text',
  'tools-call-error',
  'server-sse-multiple-streams',
]
const scenarios = process.env['BELAY_SIZE'] === 'full' ? [...always, ...more] : always

const nothing = z.object({})
const text = defineWorkflow({
  name: 'text',
  input: nothing,
  output: z.string(),
  run: () => 'This is a simple text response for testing.',
})
const failing = defineWorkflow({
  name: 'failing',
  input: nothing,
  output: z.string(),
  run: () => {
    throw new Error('on purpose')
  },
})
const steps = defineWorkflow({
  name: 'steps',
  input: nothing,
  output: z.string(),
  run: async (ctx) => {
    for (const name of ['one', 'two', 'three']) await ctx.step(name, () => name)
    return 'done'
  },
})
const address = z
  .object({ street: z.string().optional(), city: z.string().optional() })
  .meta({ id: 'address' })
const schema = defineWorkflow({
  name: 'schema',
  input: z.strictObject({ name: z.string().optional(), address: address.optional() }),
  output: z.string(),
  run: () => 'ok',
})

test('scenarios of the official conformance suite pass [MCP-49]', async () => {
  const harness = defineHarness({
    name: 'conformance',
    models: {},
    workflows: { text, failing, steps, schema },
  })
  const description = 'For the conformance suite.'
  const serving = await serveMcp(harness, {
    expose: {
      workflows: {
        text: { definition: text, description, tool: 'test_simple_text' },
        failing: { definition: failing, description, tool: 'test_error_handling' },
        steps: { definition: steps, description, tool: 'test_tool_with_progress' },
        schema: { definition: schema, description, tool: 'json_schema_2020_12_tool' },
      },
    },
    transport: { type: 'http', port: 0, authenticate: 'none' },
  })
  const folder = await mkdtemp(join(tmpdir(), 'belay-mcp-'))
  const program = join(
    dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
    'dist/index.js',
  )
  try {
    const failed: string[] = []
    for (const scenario of scenarios) {
      const args = [program, 'server', '--url', serving.url?.href ?? '', '--scenario', scenario]
      const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
      const [code] = (await once(child, 'close')) as [number]
      if (code !== 0) failed.push(`${scenario}: ${output}`)
    }
    expect(failed).toEqual([])
  } finally {
    await serving.close()
    await harness.shutdown()
    await rm(folder, { recursive: true, force: true })
  }
}, 180_000)
