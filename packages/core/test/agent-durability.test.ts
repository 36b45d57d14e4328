import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, type Tool } from '../src/index.ts'
import type { Batch, Model, Store } from '../src/ports/index.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel } from './fixtures/scripted-model.ts'

function world() {
  const clock = manualPlatform()
  const shared = storeOn(clock)
  let count = 0
  const harnessOf = (store: Store, model: Model, tools: readonly Tool[], limits: object = {}) => {
    const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools, ...limits })
    const platform = clock.process(`process-${++count}`)
    return defineHarness({
      name: 'test',
      models: { main: model },
      agents: { helper: agent },
      store,
      platform,
    })
  }
  return { clock, shared, harnessOf }
}

/** Runs an agent in a process that dies before the first append that `deadly` names. */
async function dieBefore(
  deadly: (batch: Batch) => boolean,
  model: Model,
  tools: readonly Tool[],
  limits: object = {},
) {
  const { clock, shared, harnessOf } = world()
  const store = mortalStore(shared, (batch) => {
    if (deadly(batch)) store.die()
  })
  const first = harnessOf(store, model, tools, limits)
  const session = await first.getSession('s')
  void session.agents.helper.run('go', { durable: { runId: 'r' } }).catch(() => undefined)
  await clock.settle()
  clock.dead.add('process-1')
  const resume = async (next: Model) => {
    const harness = harnessOf(shared, next, tools, limits)
    const again = await harness.getSession('s')
    return { harness, result: clock.until(again.agents.helper.run('go', { durable: { runId: 'r' } })) }
  }
  return { clock, resume }
}

const tool = (effect: 'once' | 'idempotent' | 'read', execute: () => unknown, timeoutMs?: number) =>
  defineTool({
    name: 'act',
    description: 'Acts.',
    input: z.object({}),
    effect,
    execute,
    ...(timeoutMs !== undefined && { timeoutMs }),
  })

const hasResult = (type: string, nth = 1) => {
  let seen = 0
  return (batch: Batch): boolean => typesOf(batch).includes(type) && ++seen === nth
}

describe('an agent whose process died', () => {
  test('goes on in the turn in which it died and pays for no turn twice', async () => {
    let executed = 0
    const first = scriptedModel([calls(['c', 'act', {}]), says('lost')])
    const { resume } = await dieBefore(hasResult('model.finished', 2), first, [
      tool('read', () => ++executed),
    ])
    const second = scriptedModel([says('done')])
    expect(await (await resume(second)).result).toBe('done')
    expect(executed).toBe(1)
    expect(second.requests).toHaveLength(1)
    expect(second.requests[0]?.messages).toEqual(first.requests[1]?.messages)
  })

  test('a `once` tool whose outcome is unknown is never run again; the model gets tool/unknown-outcome [STEP-8]', async () => {
    let executed = 0
    const model = scriptedModel([calls(['c', 'act', {}])])
    const { resume } = await dieBefore(hasResult('tool.finished'), model, [tool('once', () => ++executed)])
    const second = scriptedModel([says('sorry')])
    const { harness, result } = await resume(second)
    expect(await result).toBe('sorry')
    expect(executed).toBe(1)
    expect(second.requests[0]?.messages.at(-1)).toMatchObject({
      content: [{ isError: true, output: expect.stringContaining('not known') }],
    })
    const events = await collect(harness.runs.events('r'))
    expect(events.find((event) => event.type === 'tool.finished')).toMatchObject({
      error: { code: 'tool/unknown-outcome' },
    })
  })

  test('an idempotent tool is run again with the same key', async () => {
    const keys: string[] = []
    const act = defineTool({
      name: 'act',
      description: 'Acts.',
      input: z.object({}),
      effect: 'idempotent',
      execute: (_input, { idempotencyKey }) => void keys.push(idempotencyKey),
    })
    const model = scriptedModel([calls(['c', 'act', {}])])
    const { resume } = await dieBefore(hasResult('tool.finished'), model, [act])
    await (
      await resume(scriptedModel([says('done')]))
    ).result
    expect(keys).toEqual(['r:tool-1-1', 'r:tool-1-1'])
  })

  test('its counters survive [AGT-5]', async () => {
    const turn = calls(['c', 'act', {}])
    const model = scriptedModel([turn, turn])
    const limits = { maxToolCalls: 2 }
    const { resume } = await dieBefore(hasResult('tool.finished', 2), model, [tool('read', () => 1)], limits)
    const { result } = await resume(scriptedModel([turn]))
    expect(await failureOf(result)).toMatchObject({ code: 'agent/budget', meta: { limit: 'maxToolCalls' } })
  })

  test('its model turns count on [AGT-5]', async () => {
    const turn = calls(['c', 'act', {}])
    const model = scriptedModel([turn, turn])
    const { resume } = await dieBefore(hasResult('model.finished', 2), model, [tool('read', () => 1)], {
      maxSteps: 2,
    })
    const second = scriptedModel([turn])
    expect(await failureOf((await resume(second)).result)).toMatchObject({ meta: { limit: 'maxSteps' } })
    expect(second.requests).toHaveLength(1)
  })
})

describe('the time limit of a tool', () => {
  async function runTool(effect: 'once' | 'read', limits: { own?: number; default?: number }) {
    const clock = manualPlatform()
    const model = scriptedModel([calls(['c', 'act', {}]), says('ok')])
    let aborted: unknown
    const act = defineTool({
      name: 'act',
      description: 'Acts.',
      input: z.object({}),
      effect,
      execute: (_input, { signal }) =>
        new Promise<never>(() => signal.addEventListener('abort', () => (aborted = signal.reason))),
      ...(limits.own !== undefined && { timeoutMs: limits.own }),
    })
    const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [act] })
    const harness = defineHarness({
      name: 'test',
      models: { main: model },
      agents: { agent },
      platform: clock,
      store: storeOn(clock),
      ...(limits.default !== undefined && { defaults: { toolTimeoutMs: limits.default } }),
    })
    const session = await harness.getSession('s')
    await clock.until(session.agents.agent.run('go', { durable: { runId: 'r' }, timeoutMs: 0 }))
    const events = await collect(harness.runs.events('r'))
    const finished = events.find((event) => event.type === 'tool.finished')
    return { finished, aborted, elapsed: clock.monotonic(), answer: model.requests[1]?.messages.at(-1) }
  }

  test('ends a repeatable tool with operation/timeout, aborts it and tells the model [RUN-28, RUN-31]', async () => {
    const { finished, aborted, elapsed, answer } = await runTool('read', { own: 1_000 })
    expect(finished).toMatchObject({
      error: { code: 'operation/timeout', meta: { scope: 'tool', timeoutMs: 1_000 } },
    })
    expect(aborted).toMatchObject({ code: 'operation/timeout' })
    expect(answer).toMatchObject({ content: [{ isError: true }] })
    expect(elapsed).toBe(1_000)
  })

  test('leaves the outcome of a `once` tool unknown', async () => {
    const { finished } = await runTool('once', { own: 1_000 })
    expect(finished).toMatchObject({ error: { code: 'tool/unknown-outcome' } })
  })

  test('is 120,000 ms by default [RUN-27]', async () => {
    expect((await runTool('read', {})).elapsed).toBe(120_000)
  })

  test('comes from the tool, then from the harness [RUN-18]', async () => {
    expect((await runTool('read', { default: 5_000 })).elapsed).toBe(5_000)
    expect((await runTool('read', { own: 7_000, default: 5_000 })).elapsed).toBe(7_000)
  })
})
