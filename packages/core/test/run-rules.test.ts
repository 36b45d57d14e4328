import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow, type RunEvent } from '../src/index.ts'
import { readerBuffer } from '../src/feed/follow.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { recordingLogger } from './fixtures/recording-logger.ts'
import { calls, says, scriptedModel, silence, type Turn } from './fixtures/scripted-model.ts'
import { waitingHarness } from './fixtures/waiting-harness.ts'

const act = defineTool({
  name: 'act',
  description: 'Acts.',
  input: z.object({}),
  effect: 'read',
  execute: () => 1,
})
const helper = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [act] })

function agentHarness(script: readonly Turn[], over: object = {}) {
  const clock = manualPlatform()
  const model = scriptedModel(script)
  const flow = defineWorkflow({
    name: 'flow',
    input: z.null(),
    output: z.string(),
    agents: { helper },
    run: (ctx) => ctx.agents.helper('go'),
  })
  const harness = defineHarness({
    name: 'test',
    models: { main: { model, retry: false } },
    agents: { helper },
    workflows: { flow },
    platform: clock,
    store: storeOn(clock),
    ...over,
  })
  return { clock, model, harness }
}

describe('ids', () => {
  test('are ULIDs unless the call names one [RUN-1]', async () => {
    const { harness, clock } = waitingHarness()
    const session = await harness.getSession('s')
    const handle = await session.workflows.quick.start(1)
    expect(handle.id).toMatch(/^[0-9A-Z]{26}$/)
    await clock.until(handle.result)
    const named = await session.workflows.quick.start(1, { durable: { runId: 'mine' } })
    expect(named.id).toBe('mine')
    await clock.until(named.result)
  })

  test('are 1 to 128 of A-Z a-z 0-9 _ . : - [RUN-2]', async () => {
    const { harness, clock } = waitingHarness()
    const session = await harness.getSession('s')
    for (const runId of ['a', 'A-z_0.9:', 'x'.repeat(128)]) {
      expect(await clock.until(session.workflows.quick.run(1, { durable: { runId } }))).toBe(1)
    }
    for (const runId of ['', 'a b', 'ä', 'a/b', 'x'.repeat(129), 1, null, undefined]) {
      const call = session.workflows.quick.run(1, { durable: { runId: runId as string } })
      expect(await failureOf(call)).toMatchObject({ code: 'validation/options', meta: { field: 'runId' } })
    }
  })
})

describe('metadata', () => {
  test('may be any JSON [RUN-38]', async () => {
    const { harness, clock } = waitingHarness()
    const session = await harness.getSession('s')
    for (const metadata of ['text', 7, false, null, [1, ['a']], { a: { b: [] } }]) {
      const handle = await session.workflows.quick.start(1, { metadata })
      await clock.until(handle.result)
      const [started] = await collect(handle.events())
      expect(started).toMatchObject({ type: 'run.started', metadata })
    }
  })

  test('is not shown to a model [RUN-39]', async () => {
    const { harness, clock, model } = agentHarness([says('ok')])
    const session = await harness.getSession('s', { metadata: { of: 'canary-session' } })
    await clock.until(session.agents.helper.run('go', { metadata: { secret: 'canary-run' } }))
    expect(model.requests).toHaveLength(1)
    expect(JSON.stringify(model.requests)).not.toContain('canary')
  })
})

describe('the summary of a run', () => {
  test('counts calls and sums recorded usage, of children too [SES-22, SES-23, SES-24]', async () => {
    const { harness, clock } = agentHarness([
      calls(['c', 'act', {}], ['d', 'act', {}]),
      [
        { type: 'text-delta', text: 'ok' },
        { type: 'finish', reason: 'stop', usage: { inputTokens: 3 } },
      ],
    ])
    const session = await harness.getSession('s')
    const handle = await session.workflows.flow.start(null)
    await clock.until(handle.result)
    expect(await session.getRunSummary(handle.id)).toMatchObject({
      state: 'succeeded',
      modelCalls: 2,
      toolCalls: 2,
      agentCalls: 1,
      steps: 0,
      // The second answer said nothing of output, and nothing is guessed.
      inputTokens: 13,
      outputTokens: 5,
    })
  })
})

describe('defaults', () => {
  test('of models, runs and steps give way to the definition, and that to the call [RUN-19, RUN-27]', async () => {
    const limitOf = async (over: {
      readonly ofDefaults?: number
      readonly ofAgent?: number
      readonly ofCall?: number
    }): Promise<unknown> => {
      const { ofDefaults, ofAgent, ofCall } = over
      const slow = defineAgent({
        name: 'slow',
        model: 'main',
        instructions: 'Wait.',
        ...(ofAgent !== undefined && { timeoutMs: ofAgent }),
      })
      const { harness, clock } = agentHarness([silence], {
        agents: { slow },
        models: { main: { model: scriptedModel([silence]), retry: false, idleTimeoutMs: 0 } },
        defaults: { modelTimeoutMs: 0, ...(ofDefaults !== undefined && { runTimeoutMs: ofDefaults }) },
      })
      const session = (await harness.getSession('s')) as unknown as {
        agents: { slow: { run(input: string, options: object): Promise<unknown> } }
      }
      const options = ofCall === undefined ? {} : { timeoutMs: ofCall }
      return (await failureOf(clock.until(session.agents.slow.run('go', options)))).meta['timeoutMs']
    }
    expect(await limitOf({})).toBe(600_000)
    expect(await limitOf({ ofDefaults: 50 })).toBe(50)
    expect(await limitOf({ ofDefaults: 50, ofAgent: 40 })).toBe(40)
    expect(await limitOf({ ofDefaults: 50, ofAgent: 40, ofCall: 30 })).toBe(30)
  })

  test('modelTimeoutMs and maxSteps give way to the agent [RUN-19]', async () => {
    const modelLimit = async (defaults: object, own: object): Promise<unknown> => {
      const slow = defineAgent({ name: 'slow', model: 'main', instructions: 'Wait.', ...own })
      const { harness, clock } = agentHarness([], {
        agents: { slow },
        models: { main: { model: scriptedModel([silence]), retry: false, idleTimeoutMs: 0 } },
        defaults,
      })
      const session = (await harness.getSession('s')) as unknown as {
        agents: { slow: { run(input: string, options: object): Promise<unknown> } }
      }
      return (await failureOf(clock.until(session.agents.slow.run('go', { timeoutMs: 0 })))).meta['timeoutMs']
    }
    expect(await modelLimit({}, {})).toBe(300_000)
    expect(await modelLimit({ modelTimeoutMs: 90 }, {})).toBe(90)
    expect(await modelLimit({ modelTimeoutMs: 90 }, { modelTimeoutMs: 70 })).toBe(70)
    const steps = async (own: object): Promise<unknown> => {
      const busy = defineAgent({ name: 'busy', model: 'main', instructions: 'Act.', tools: [act], ...own })
      const script = Array.from({ length: 5 }, (_, turn) => calls([`c${turn}`, 'act', {}]))
      const { harness, clock } = agentHarness([], {
        agents: { busy },
        models: { main: scriptedModel(script) },
        defaults: { maxSteps: 2 },
      })
      const session = (await harness.getSession('s')) as unknown as {
        agents: { busy: { run(input: string): Promise<unknown> } }
      }
      return (await failureOf(clock.until(session.agents.busy.run('go')))).meta
    }
    expect(await steps({})).toMatchObject({ limit: 'maxSteps', value: 2 })
    expect(await steps({ maxSteps: 3 })).toMatchObject({ limit: 'maxSteps', value: 3 })
  })
})

test('an abort reaches an open wait [RUN-32]', async () => {
  const { harness, clock } = waitingHarness()
  const session = await harness.getSession('s')
  const caller = new AbortController()
  const handle = await session.workflows.wait.start(null, { signal: caller.signal })
  await clock.settle()
  caller.abort()
  expect((await failureOf(clock.until(handle.result))).code).toBe('run/cancelled')
  expect(clock.timers).toEqual([])
})

describe('events', () => {
  test('of a model call say usage and finish reason [EVT-6]', async () => {
    const { harness, clock } = agentHarness([says('ok')])
    const session = await harness.getSession('s')
    const events = await clock.until(collect(session.agents.helper.stream('go')))
    const finished = events.filter((event) => event.type === 'model.finished' && 'position' in event)
    expect(finished).toMatchObject([
      { label: { finishReason: 'stop', usage: { inputTokens: 10, outputTokens: 5 } } },
    ])
  })

  test('that begin something, deltas and overflows have no position and are not stored [EVT-10]', async () => {
    const { harness, clock } = agentHarness([calls(['c', 'act', {}]), says('ok')])
    const session = await harness.getSession('s')
    const handle = await session.workflows.flow.start(null)
    const live = await clock.until(collect(handle.events()))
    const transient = live.filter((event) => !('position' in event)).map((event) => event.type)
    expect(new Set(transient)).toEqual(
      new Set(['agent.started', 'model.started', 'tool.started', 'model.delta']),
    )
    const stored = await collect(harness.runs.events(handle.id))
    expect(stored.every((event) => 'position' in event)).toBe(true)
  })

  test('wait for a slow reader up to 1,024, and a reader here never polls [EVT-13, EVT-15]', async () => {
    expect(readerBuffer).toBe(1_024)
    const { harness, clock, outside } = waitingHarness()
    const session = await harness.getSession('s')
    const handle = await session.workflows.hold.start(null)
    await clock.settle()
    const before = [...clock.timers]
    const reader = handle.events()
    const seen: RunEvent[] = [(await reader.next()).value as RunEvent]
    const next = reader.next()
    await clock.settle()
    // A reader that polls would have a timer of its own.
    expect(clock.timers).toEqual(before)
    outside.release()
    await clock.until(handle.result)
    seen.push((await next).value as RunEvent)
    expect(seen.map((event) => event.type)).toEqual(['run.started', 'step.finished'])
  })
})

describe('a step', () => {
  test('is tried again in a run that is not durable as well [STEP-6]', async () => {
    let attempts = 0
    const clock = manualPlatform()
    const w = defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.number(),
      run: (ctx) =>
        ctx.step(
          'work',
          () => {
            if (++attempts < 3) throw new Error('bad luck')
            return attempts
          },
          { retry: { maxAttempts: 3 } },
        ),
    })
    const harness = defineHarness({
      name: 'test',
      models: {},
      workflows: { w },
      platform: clock,
      store: storeOn(clock),
    })
    const session = await harness.getSession('s')
    expect(await clock.until(session.workflows.w.run(null))).toBe(3)
  })

  test('ctx.log is bound to the ids of the run and silent in a replay [STEP-18, STEP-19]', async () => {
    const clock = manualPlatform()
    const store = storeOn(clock)
    const w = defineWorkflow({
      name: 'w',
      input: z.null(),
      output: z.null(),
      run: async (ctx) => {
        await ctx.step('one', () => 1)
        ctx.log.info('after one')
        await ctx.step('two', () => 2)
        ctx.log.info('after two')
        return null
      },
    })
    const logger = recordingLogger()
    let steps = 0
    const mortal = mortalStore(store, (batch) => {
      if (typesOf(batch).includes('step.finished') && ++steps === 2) mortal.die()
    })
    const harnessOf = (owner: string, of: typeof store) =>
      defineHarness({
        name: 'test',
        models: {},
        workflows: { w },
        platform: clock.process(owner),
        store: of,
        logger,
      })
    const session = await harnessOf('process-1', mortal).getSession('s')
    void session.workflows.w.run(null, { durable: { runId: 'r' } }).catch(() => undefined)
    await clock.settle()
    clock.dead.add('process-1')
    await clock.until((await harnessOf('process-2', store).runs.resume('r')).result)
    const lines = logger.lines.filter(({ level }) => level === 'info')
    expect(lines).toMatchObject([
      { message: 'after one', fields: { harness: 'test', runId: 'r', sessionId: 's', attempt: 1 } },
      { message: 'after two', fields: { harness: 'test', runId: 'r', sessionId: 's', attempt: 2 } },
    ])
    expect(lines).toHaveLength(2)
  })
})
