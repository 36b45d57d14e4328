import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineGuardrail, defineHarness, defineTool, defineWorkflow } from '../src/index.ts'
import type { Model, Store } from '../src/ports/index.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn } from './fixtures/mortal-store.ts'
import { says, scriptedModel } from './fixtures/scripted-model.ts'
import type { ModelPart, ModelRequest } from '../src/ports/index.ts'

/** Answers by what it is shown, so that it can go on in the middle. */
function statelessModel(): Model {
  const script = scriptedModel([])
  return {
    ...script,
    async *generate(request: ModelRequest): AsyncIterable<ModelPart> {
      const usage = {}
      if (request.messages.at(-1)?.role !== 'tool') {
        yield { type: 'tool-call', callId: 'c', name: 'echo', arguments: '{"text":"raw"}' }
        yield { type: 'finish', reason: 'tool_calls', usage }
        return
      }
      yield { type: 'text-delta', text: 'raw answer' }
      yield { type: 'finish', reason: 'stop', usage }
    },
  }
}

const mark = (value: unknown, word: string): unknown =>
  typeof value === 'string' ? `${value}+${word}` : { text: `${(value as { text: string }).text}+${word}` }

/** A process: an agent with a guardrail on each stage, which notes what it was asked. */
function processOf(clock: ReturnType<typeof manualPlatform>, owner: string, store: Store) {
  const asked: string[] = []
  const guardrail = defineGuardrail({
    name: 'mark',
    on: ['input', 'output', 'tool_call', 'tool_result'],
    check: (value, { stage }) => {
      asked.push(stage)
      return { action: 'transform', value: mark(value, stage) }
    },
  })
  const echo = defineTool({
    name: 'echo',
    description: 'Echoes.',
    input: z.object({ text: z.string() }),
    effect: 'idempotent',
    execute: ({ text }) => ({ text }),
  })
  const agent = defineAgent({
    name: 'helper',
    model: 'main',
    instructions: 'Help.',
    tools: [echo],
    guardrails: [guardrail],
  })
  const harness = defineHarness({
    name: 'test',
    models: { main: statelessModel() },
    agents: { agent },
    store,
    platform: clock.process(owner),
  })
  return { asked, harness }
}

test('killed before any write, the run ends alike, and no recorded decision is asked for again', async () => {
  const stages = ['input', 'tool_call', 'tool_result', 'output']
  let kills = 0
  for (let at = 1; ; at++) {
    const clock = manualPlatform()
    const shared = storeOn(clock)
    let appends = 0
    const mortal = mortalStore(shared, () => void (++appends === at && mortal.die()))
    const first = processOf(clock, 'first', mortal)
    const session = await first.harness.getSession('s')
    const running = session.agents.agent.run('in', { durable: { runId: 'r' } }).catch(() => undefined)
    await clock.settle()
    if (appends < at) {
      expect(await clock.until(running)).toBe('raw answer+output')
      break
    }
    kills++
    clock.dead.add('first')
    const second = processOf(clock, 'second', shared)
    // What died before its start was recorded starts anew; anything else goes on.
    const again = await second.harness.getSession('s')
    expect(await clock.until(again.agents.agent.run('in', { durable: { runId: 'r' } }))).toBe(
      'raw answer+output',
    )
    const events = await collect(second.harness.runs.events('r'))
    const finished = events.filter((event) => event.type.endsWith('.finished') && 'key' in event)
    expect(finished.map((event) => ('key' in event ? event.key : ''))).toEqual([
      'guard-input',
      'model-1',
      'guard-1-1',
      'tool-1-1',
      'model-2',
      'guard-output',
    ])
    expect(events.find((event) => event.type === 'tool.finished')).toMatchObject({
      value: { text: 'raw+tool_call+tool_result' },
    })
    // Only the decision that was under way at the death is asked for by both.
    expect(second.asked).toEqual(stages.slice(stages.length - second.asked.length))
    expect(first.asked.length + second.asked.length).toBeLessThanOrEqual(stages.length + 1)
    expect(await again.history.list()).toMatchObject([
      { content: [{ text: 'in+input' }] },
      { role: 'assistant' },
      { role: 'tool' },
      { content: [{ text: 'raw answer+output' }] },
    ])
  }
  expect(kills).toBeGreaterThanOrEqual(8)
})

test('a run that a guardrail failed can be resumed, and is asked for again then', async () => {
  const clock = manualPlatform()
  let strict = true
  const guardrail = defineGuardrail({
    name: 'switch',
    on: 'output',
    check: () => (strict ? { action: 'block', reason: 'strict' } : { action: 'pass' }),
  })
  const model = scriptedModel([says('once')])
  const agent = defineAgent({ name: 'a', model: 'main', instructions: 'x', guardrails: [guardrail] })
  const harness = defineHarness({
    name: 'test',
    models: { main: model },
    agents: { agent },
    platform: clock,
    store: storeOn(clock),
  })
  const session = await harness.getSession('s')
  const run = () => clock.until(session.agents.agent.run('x', { durable: { runId: 'r' } }))
  expect((await failureOf(run())).code).toBe('guardrail/blocked')
  strict = false
  expect(await run()).toBe('once')
  expect(model.requests).toHaveLength(1)
  expect((await session.history.list()).at(-1)).toMatchObject({ content: [{ text: 'once' }] })
})

test('a child agent that is blocked fails its call, and the workflow may catch it', async () => {
  const clock = manualPlatform()
  const guardrail = defineGuardrail({
    name: 'no',
    on: 'input',
    check: (value) => (value === 'bad' ? { action: 'block', reason: 'bad_input' } : { action: 'pass' }),
  })
  const helper = defineAgent({ name: 'helper', model: 'main', instructions: 'x', guardrails: [guardrail] })
  const workflow = defineWorkflow({
    name: 'flow',
    input: z.string(),
    output: z.string(),
    agents: { helper },
    run: async (ctx, input) => {
      try {
        return await ctx.agents.helper(input)
      } catch (error) {
        return `caught ${String((error as { code?: string }).code)}`
      }
    },
  })
  const harness = defineHarness({
    name: 'test',
    models: { main: scriptedModel([says('fine')]) },
    workflows: { workflow },
    platform: clock,
    store: storeOn(clock),
  })
  const session = await harness.getSession('s')
  expect(await clock.until(session.workflows.workflow.run('good'))).toBe('fine')
  expect(await clock.until(session.workflows.workflow.run('bad'))).toBe('caught guardrail/blocked')
})
