import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow } from '../../src/index.ts'
import { manualPlatform } from '../fixtures/manual-platform.ts'
import { storeOn } from '../fixtures/mortal-store.ts'
import { calls, says, scriptedModel } from '../fixtures/scripted-model.ts'
import { followAsync, tracing, type Tracing } from '../fixtures/tracing.ts'

let stopFollowing: () => void
beforeAll(() => (stopFollowing = followAsync()))
afterAll(() => stopFollowing())

const lookup = defineTool({
  name: 'lookup',
  description: 'Looks a customer up.',
  input: z.object({ email: z.string() }),
  effect: 'read',
  execute: () => ({ plan: 'gold' }),
})
const triage = defineAgent({
  name: 'triage',
  version: '7',
  model: 'fast',
  instructions: 'Be careful with the secret instruction.',
  tools: [lookup],
  settings: { temperature: 0.5, maxOutputTokens: 100, stop: ['END'] },
})
const script = () => [calls(['call-1', 'lookup', { email: 'ada@example.com' }]), says('The secret answer.')]

/** One run of an agent with a tool. */
async function agentRun(given: Tracing, options: object = {}) {
  const clock = manualPlatform()
  const harness = defineHarness({
    name: 'support',
    models: { fast: scriptedModel(script()) },
    agents: { triage },
    store: storeOn(clock),
    platform: clock,
    telemetry: { ...given.telemetry, ...options },
  })
  const session = await harness.getSession('customer-1')
  await clock.until(
    session.agents.triage.run('The secret question.', {
      durable: { runId: 'r' },
      metadata: {
        tenant: 'acme',
        seats: 3,
        trial: false,
        'bad key': 'x',
        nested: { a: 1 },
        long: 'x'.repeat(257),
      },
    }),
  )
  return { harness, clock }
}

it('an agent with a tool is belay.run, invoke_agent, chat, execute_tool and appends [TEL-1, TEL-2]', async () => {
  const traced = tracing()
  await agentRun(traced)
  expect(traced.spans().map((span) => [span.name, traced.parentOf(span)])).toEqual([
    ['belay.store.append', 'belay.run'],
    ['belay.store.append', 'belay.run'],
    ['chat scripted-1', 'invoke_agent triage'],
    ['belay.store.append', 'belay.run'],
    ['execute_tool lookup', 'invoke_agent triage'],
    ['belay.store.append', 'belay.run'],
    ['chat scripted-1', 'invoke_agent triage'],
    ['belay.store.append', 'belay.run'],
    ['invoke_agent triage', 'belay.run'],
    ['belay.run', undefined],
  ])
  expect(new Set(traced.spans().map((span) => span.spanContext().traceId)).size).toBe(1)
  expect(traced.open).toBe(0)
})

it('attributes of the flavor genai, which is the default [TEL-1, TEL-3, TEL-4, RUN-40]', async () => {
  const traced = tracing()
  await agentRun(traced)
  const one = (name: string) => traced.named(name)[0]
  expect(one('belay.run')).toMatchObject({ kind: SpanKind.INTERNAL, status: { code: SpanStatusCode.UNSET } })
  expect(one('belay.run')?.attributes).toEqual({
    'gen_ai.conversation.id': 'customer-1',
    'belay.harness': 'support',
    'belay.run.id': 'r',
    'belay.run.attempt': 1,
    'belay.run.durable': true,
    'belay.session.id': 'customer-1',
    'belay.target.kind': 'agent',
    'belay.target.name': 'triage',
    'belay.target.version': '7',
    'belay.metadata.tenant': 'acme',
    'belay.metadata.seats': 3,
    'belay.metadata.trial': false,
    'belay.run.outcome': 'succeeded',
    'belay.run.model_calls': 2,
    'belay.run.tool_calls': 1,
    'belay.run.input_tokens': 20,
    'belay.run.output_tokens': 10,
  })
  expect(one('invoke_agent')?.attributes).toEqual({
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': 'triage',
    'gen_ai.agent.version': '7',
    'gen_ai.conversation.id': 'customer-1',
    'belay.run.id': 'r',
    'belay.key': '',
  })
  expect(one('chat')?.kind).toBe(SpanKind.CLIENT)
  expect(one('chat')?.attributes).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'scripted',
    'gen_ai.request.model': 'scripted-1',
    'gen_ai.agent.name': 'triage',
    'gen_ai.conversation.id': 'customer-1',
    'gen_ai.output.type': 'text',
    'gen_ai.request.temperature': 0.5,
    'gen_ai.request.max_tokens': 100,
    'gen_ai.response.finish_reasons': ['tool_calls'],
    'gen_ai.usage.input_tokens': 10,
    'gen_ai.usage.output_tokens': 5,
    'belay.run.id': 'r',
    'belay.key': 'model-1',
    'belay.step.attempt': 1,
    'belay.model.alias': 'fast',
  })
  expect(one('execute_tool')?.attributes).toEqual({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'lookup',
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.call.id': 'call-1',
    'gen_ai.agent.name': 'triage',
    'gen_ai.conversation.id': 'customer-1',
    'belay.run.id': 'r',
    'belay.key': 'tool-1-1',
    'belay.step.attempt': 1,
  })
  expect(one('belay.store.append')?.attributes).toEqual({ 'belay.run.id': 'r', 'belay.append.entries': 1 })
  for (const span of traced.spans())
    if (!span.name.startsWith('chat')) expect(JSON.stringify(span.attributes)).not.toContain('usage')
})

it('attributes of the flavor openinference [TEL-3]', async () => {
  const traced = tracing()
  await agentRun(traced, { flavor: 'openinference' })
  const conventions = (name: string) =>
    Object.fromEntries(
      Object.entries(traced.named(name)[0]?.attributes ?? {}).filter(([key]) => !key.startsWith('belay.')),
    )
  expect(conventions('belay.run')).toEqual({ 'openinference.span.kind': 'CHAIN', 'session.id': 'customer-1' })
  expect(conventions('invoke_agent')).toEqual({
    'openinference.span.kind': 'AGENT',
    'agent.name': 'triage',
    'session.id': 'customer-1',
  })
  expect(conventions('chat')).toEqual({
    'openinference.span.kind': 'LLM',
    'llm.model_name': 'scripted-1',
    'llm.provider': 'scripted',
    'agent.name': 'triage',
    'session.id': 'customer-1',
    'llm.invocation_parameters': '{"temperature":0.5,"maxOutputTokens":100}',
    'llm.token_count.prompt': 10,
    'llm.token_count.completion': 5,
    'llm.token_count.total': 15,
  })
  expect(conventions('execute_tool')).toEqual({
    'openinference.span.kind': 'TOOL',
    'tool.name': 'lookup',
    'tool_call.id': 'call-1',
    'agent.name': 'triage',
    'session.id': 'customer-1',
  })
})

it('the flavor dual has the attributes of both [TEL-3]', async () => {
  const traced = tracing()
  await agentRun(traced, { flavor: 'dual' })
  expect(traced.named('chat')[0]?.attributes).toMatchObject({
    'gen_ai.usage.input_tokens': 10,
    'llm.token_count.prompt': 10,
    'openinference.span.kind': 'LLM',
  })
})

it.each(['genai', 'openinference', 'dual'])(
  '%s: no content unless it is asked for [TEL-5]',
  async (flavor) => {
    const traced = tracing()
    await agentRun(traced, { flavor })
    const text = JSON.stringify(
      traced.spans().map(({ attributes, events, status }) => [attributes, events, status]),
    )
    for (const word of ['secret', 'ada@example.com', 'gold', 'END']) expect(text).not.toContain(word)
  },
)

it('contentCapture puts messages and tool inputs and outputs on spans [TEL-5]', async () => {
  const traced = tracing()
  await agentRun(traced, { contentCapture: true, flavor: 'dual' })
  const [first, second] = traced.named('chat')
  const json = (text: unknown): unknown => JSON.parse(String(text))
  expect(json(first?.attributes['gen_ai.system_instructions'])).toEqual([
    { type: 'text', content: 'Be careful with the secret instruction.' },
  ])
  expect(json(first?.attributes['gen_ai.input.messages'])).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'The secret question.' }] },
  ])
  expect(json(second?.attributes['gen_ai.input.messages'])).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'The secret question.' }] },
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'call-1', name: 'lookup', arguments: '{"email":"ada@example.com"}' }],
    },
    { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call-1', result: { plan: 'gold' } }] },
  ])
  expect(json(second?.attributes['gen_ai.output.messages'])).toEqual([
    { role: 'assistant', parts: [{ type: 'text', content: 'The secret answer.' }], finish_reason: 'stop' },
  ])
  expect(second?.attributes).toMatchObject({
    'llm.input_messages.1.message.content': 'The secret question.',
    'llm.input_messages.2.message.tool_calls.0.tool_call.function.name': 'lookup',
    'llm.output_messages.0.message.content': 'The secret answer.',
  })
  expect(traced.named('execute_tool')[0]?.attributes).toMatchObject({
    'gen_ai.tool.call.arguments': '{"email":"ada@example.com"}',
    'gen_ai.tool.call.result': '{"plan":"gold"}',
    'input.value': '{"email":"ada@example.com"}',
    'output.value': '{"plan":"gold"}',
  })
})

it('children, fan-outs and steps have the parents that their scopes say [TEL-1, TEL-2]', async () => {
  const clock = manualPlatform()
  const traced = tracing()
  const scout = defineAgent({ name: 'scout', model: 'fast', instructions: 'x' })
  const flow = defineWorkflow({
    name: 'flow',
    input: z.null(),
    output: z.json(),
    agents: { scout },
    tools: { lookup },
    run: async (ctx) => {
      const items = ctx.fanOut('items', [1, 2, 3], async (item, value) => {
        await item.step('weigh', () => value)
        return item.agents.scout(`item ${value}`)
      })
      const [found] = await Promise.all([items, ctx.agents.scout('beside', { key: 'beside' })])
      await ctx.tools.lookup({ email: 'a@b' })
      return found
    },
  })
  const harness = defineHarness({
    name: 'test',
    models: { fast: scriptedModel([says('a'), says('b'), says('c'), says('d')]) },
    workflows: { flow },
    store: storeOn(clock),
    platform: clock,
    telemetry: traced.telemetry,
  })
  const session = await harness.getSession('s')
  await clock.until(session.workflows.flow.run(null))
  const byId = new Map(traced.spans().map((span) => [span.spanContext().spanId, span]))
  const placed = traced
    .spans()
    .filter((span) => span.name !== 'belay.store.append')
    .map((span) => {
      const parent = byId.get(span.parentSpanContext?.spanId ?? '')
      const keyOf = (one: typeof parent): unknown => one?.attributes['belay.key'] ?? ''
      return [span.name, keyOf(span), '<', parent?.name, keyOf(parent)].join(' ')
    })
  expect(placed.toSorted()).toEqual([
    'belay.run  <  ',
    'belay.step items/0/weigh < belay.run ',
    'belay.step items/1/weigh < belay.run ',
    'belay.step items/2/weigh < belay.run ',
    'chat scripted-1 beside/model-1 < invoke_agent scout beside',
    'chat scripted-1 items/0/scout/model-1 < invoke_agent scout items/0/scout',
    'chat scripted-1 items/1/scout/model-1 < invoke_agent scout items/1/scout',
    'chat scripted-1 items/2/scout/model-1 < invoke_agent scout items/2/scout',
    'execute_tool lookup lookup < belay.run ',
    'invoke_agent scout beside < belay.run ',
    'invoke_agent scout items/0/scout < belay.run ',
    'invoke_agent scout items/1/scout < belay.run ',
    'invoke_agent scout items/2/scout < belay.run ',
  ])
  expect(traced.open).toBe(0)
})
