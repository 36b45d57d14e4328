import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow } from '../../src/index.ts'
import type { Store } from '../../src/ports/index.ts'
import { manualPlatform } from '../fixtures/manual-platform.ts'
import { mortalStore, storeOn } from '../fixtures/mortal-store.ts'
import { calls, says, scriptedModel, type Turn } from '../fixtures/scripted-model.ts'
import { tracing } from '../fixtures/tracing.ts'
import { PortError } from '../../src/ports/index.ts'

const order = defineTool({
  name: 'order',
  description: 'Orders.',
  input: z.object({ n: z.number() }),
  effect: 'read',
  execute: ({ n }, { metrics }) => {
    metrics.counter('shop.orders', n, { channel: 'agent' })
    if (n > 5) throw new Error('content')
    return n
  },
})
const agent = defineAgent({ name: 'agent', model: 'fast', instructions: 'x', tools: [order] })
const flow = defineWorkflow({
  name: 'flow',
  input: z.null(),
  output: z.null(),
  run: async (ctx) => {
    ctx.metrics.counter('flow.started')
    await ctx.step('one', ({ metrics }) => metrics.histogram('flow.size', 7))
    ctx.metrics.counter('flow.middle')
    return ctx.step('two', () => null)
  },
})

function world(turns: readonly Turn[]) {
  const clock = manualPlatform()
  const shared = storeOn(clock)
  const sdk = tracing()
  const harnessOf = (store: Store = shared, owner = 'living') =>
    defineHarness({
      name: 'test',
      models: { fast: scriptedModel(turns) },
      agents: { agent },
      workflows: { flow },
      store,
      platform: clock.process(owner),
      telemetry: { meterProvider: sdk.telemetry.meterProvider },
    })
  return { clock, shared, sdk, harnessOf }
}

const target = { 'belay.target.kind': 'agent', 'belay.target.name': 'agent' }
const model = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'scripted',
  'gen_ai.request.model': 'scripted-1',
}
const overloaded = new PortError({ code: 'model/server', message: 'content', retryable: true })

/** Points come in the order in which attributes were first seen. */
const inOrder = (points: readonly unknown[]): unknown[] =>
  points.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))

it('counts runs, steps, retries, tool calls and tokens, and times calls and appends; tools have metrics too [STEP-20]', async () => {
  const turns = [
    overloaded,
    calls(['c1', 'order', { n: 2 }], ['c2', 'order', { n: 9 }], ['c3', 'nope', {}]),
    says('x'),
  ]
  const { clock, sdk, harnessOf } = world(turns)
  const session = await harnessOf().getSession('s')
  await clock.until(session.agents.agent.run('x'))
  const points = async (name: string) =>
    inOrder((await sdk.points(name)).map(({ attributes, count, sum }) => [attributes, count ?? sum]))
  expect(await points('gen_ai.client.token.usage')).toEqual([
    [{ ...model, 'gen_ai.token.type': 'input' }, 2],
    [{ ...model, 'gen_ai.token.type': 'output' }, 2],
  ])
  expect((await sdk.points('gen_ai.client.token.usage')).map(({ sum }) => sum)).toEqual([20, 10])
  expect(await points('gen_ai.client.operation.duration')).toEqual(
    inOrder([
      [{ ...model, 'error.type': 'model/server' }, 1],
      [model, 2],
    ]),
  )
  expect(await points('belay.runs')).toEqual([[{ ...target, 'belay.run.outcome': 'succeeded' }, 1]])
  expect(await points('belay.retries')).toEqual([[{ ...target, 'belay.step.kind': 'model' }, 1]])
  expect(await points('belay.steps')).toEqual(
    inOrder([
      [{ ...target, 'belay.step.kind': 'model', 'belay.step.status': 'ok' }, 2],
      [{ ...target, 'belay.step.kind': 'tool', 'belay.step.status': 'ok' }, 1],
      [{ ...target, 'belay.step.kind': 'tool', 'belay.step.status': 'failed' }, 2],
    ]),
  )
  expect(await points('belay.tool.calls')).toEqual(
    inOrder([
      [{ ...target, 'gen_ai.tool.name': 'order', 'belay.step.status': 'ok' }, 1],
      [{ ...target, 'gen_ai.tool.name': 'order', 'belay.step.status': 'failed' }, 1],
      // A name that a model made up is no value of an attribute.
      [{ ...target, 'gen_ai.tool.name': '_OTHER', 'belay.step.status': 'failed' }, 1],
    ]),
  )
  const appends = (await sdk.points('belay.store.append.duration')).map(({ count = 0 }) => count > 3)
  expect(appends).toEqual([true])
  expect(await points('shop.orders')).toEqual([[{ ...target, channel: 'agent' }, 11]])
  expect(sdk.spans()).toEqual([])
})

it('ctx.metrics is silent while recorded results are handed back [STEP-20]', async () => {
  const { clock, shared, sdk, harnessOf } = world([])
  let appends = 0
  const dying = mortalStore(shared, () => {
    if (++appends === 3) dying.die()
  })
  const durable = { runId: 'r' }
  const first = await harnessOf(dying, 'dying').getSession('s')
  await first.workflows.flow.start(null, { durable })
  await clock.settle()
  clock.dead.add('dying')
  const session = await harnessOf().getSession('s')
  await clock.until(session.workflows.flow.run(null, { durable }))
  for (const name of ['flow.started', 'flow.middle'])
    expect((await sdk.points(name)).map(({ sum }) => sum)).toEqual([1])
  expect((await sdk.points('flow.size')).map(({ sum }) => sum)).toEqual([7])
})

it('ctx.metrics without an SDK does nothing', async () => {
  const clock = manualPlatform()
  const harness = defineHarness({
    name: 'test',
    models: {},
    workflows: { flow },
    store: storeOn(clock),
    platform: clock,
  })
  const session = await harness.getSession('s')
  expect(await clock.until(session.workflows.flow.run(null))).toBeNull()
})
