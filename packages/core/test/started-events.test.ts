import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  defineAgent,
  defineHarness,
  defineTool,
  defineWorkflow,
  type RunEvent,
  type WorkflowContext,
} from '../src/index.ts'
import { PortError, type ModelPart } from '../src/ports/index.ts'
import { gate } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel, silence, type Turn } from './fixtures/scripted-model.ts'

/** Reads along and keeps everything, whatever becomes of the run. */
function readAlong(events: AsyncIterable<RunEvent>): {
  readonly seen: RunEvent[]
  readonly ended: Promise<void>
} {
  const seen: RunEvent[] = []
  const read = async (): Promise<void> => {
    for await (const event of events) seen.push(event)
  }
  return { seen, ended: read() }
}

const startedTypes = ['agent.started', 'model.started', 'tool.started', 'fanout.started']

/** Each beginning with the ends of its id, in the order in which they came. */
function pairs(events: readonly RunEvent[]): Record<string, readonly string[]> {
  const found: Record<string, string[]> = {}
  for (const event of events) {
    if (!('id' in event)) continue
    if (startedTypes.includes(event.type)) found[event.id] = [...(found[event.id] ?? []), 'started']
    else if (found[event.id] !== undefined && 'status' in event) found[event.id]?.push(event.status)
  }
  return found
}

/** Tried again. */
const busy = new PortError({ code: 'model/server', message: 'Too much to do.', retryable: true })

const helper = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.' })

function setup(
  body: (context: WorkflowContext<{ helper: typeof helper }>) => Promise<unknown>,
  script: readonly Turn[],
  agent = helper,
) {
  const clock = manualPlatform()
  const store = storeOn(clock)
  const harnessOf = (over: { owner?: string; store?: typeof store; script?: readonly Turn[] } = {}) =>
    defineHarness({
      name: 'test',
      models: { main: { model: scriptedModel(over.script ?? script), retry: { maxAttempts: 2 } } },
      workflows: {
        w: defineWorkflow({
          name: 'w',
          input: z.null(),
          output: z.unknown(),
          agents: { helper: agent },
          delegation: { maxChildAgentCalls: 100 },
          run: async (context) => ((await body(context as never)) ?? null) as never,
        }),
      },
      store: over.store ?? store,
      platform: over.owner === undefined ? clock : clock.process(over.owner),
    })
  return { clock, store, harnessOf, harness: harnessOf() }
}

describe('every started event gets exactly one finished event with its id', () => {
  test('when everything goes well, also after a retry [EVT-19]', async () => {
    const act = defineTool({ name: 'act', description: 'Acts.', input: z.object({}), execute: () => 1 })
    const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [act] })
    const { clock, harness } = setup(
      (ctx) => ctx.fanOut('items', [1], (inner) => inner.agents.helper('x')),
      [busy, calls(['c', 'act', {}]), says('ok')],
      agent,
    )
    const session = await harness.getSession('s')
    const handle = await session.workflows.w.start(null)
    const { seen, ended } = readAlong(handle.events())
    await clock.until(Promise.all([handle.result.catch(() => undefined), ended]))
    expect(pairs(seen)).toEqual({
      'items@1': ['started', 'ok'],
      'items/0/helper@1': ['started', 'ok'],
      'items/0/helper/model-1@1': ['started', 'ok'],
      'items/0/helper/tool-1-1@1': ['started', 'ok'],
      'items/0/helper/model-2@1': ['started', 'ok'],
    })
  })

  test('after a cancellation, before run.finished [EVT-19, EVT-20]', async () => {
    const { clock, harness } = setup(
      (ctx) => ctx.fanOut('items', [1, 2], (inner) => inner.agents.helper('x')),
      [silence, silence],
    )
    const session = await harness.getSession('s')
    const handle = await session.workflows.w.start(null)
    const { seen, ended } = readAlong(handle.events())
    await clock.settle()
    await handle.cancel()
    await clock.until(ended)
    const cancelled = ['started', 'cancelled']
    expect(pairs(seen)).toEqual({
      'items@1': cancelled,
      'items/0/helper@1': cancelled,
      'items/1/helper@1': cancelled,
      'items/0/helper/model-1@1': cancelled,
      'items/1/helper/model-1@1': cancelled,
    })
    expect(seen.at(-1)?.type).toBe('run.finished')
    const end = seen.find((event) => event.type === 'model.finished')
    expect(end).toEqual({
      type: 'model.finished',
      runId: handle.id,
      at: expect.any(Number),
      id: expect.stringMatching(/^items\/\d\/helper\/model-1@1$/),
      key: expect.any(String),
      status: 'cancelled',
      label: { model: 'main', agent: 'helper' },
      lineage: expect.objectContaining({ workflow: 'w' }),
    })
  })

  test('after a timeout of the run, of a child and of a fan-out whose sibling failed [EVT-20]', async () => {
    const timed = setup((ctx) => ctx.agents.helper('x'), [silence])
    const late = setup(
      async (ctx) => {
        await ctx.agents.helper('x', { timeoutMs: 50 }).catch(() => undefined)
        return ctx.step('after', () => 1)
      },
      [silence],
    )
    const failing = setup(
      async (ctx) => {
        const each = async (inner: typeof ctx, item: number): Promise<unknown> => {
          if (item === 1) return inner.agents.helper('x')
          await inner.sleep('nap', 20)
          throw new Error('bad luck')
        }
        return ctx.fanOut('items', [1, 2], each as never).catch(() => 'caught')
      },
      [silence],
    )
    const readAll = async ({ harness, clock }: typeof timed, timeoutMs: number): Promise<RunEvent[]> => {
      const session = await harness.getSession('s')
      const handle = await session.workflows.w.start(null, { timeoutMs })
      const { seen, ended } = readAlong(handle.events())
      await clock.until(ended)
      return seen
    }
    expect(pairs(await readAll(timed, 100))).toEqual({
      'helper@1': ['started', 'cancelled'],
      'helper/model-1@1': ['started', 'cancelled'],
    })
    const events = await readAll(late, 0)
    expect(pairs(events)).toEqual({
      'helper@1': ['started', 'failed'],
      'helper/model-1@1': ['started', 'cancelled'],
    })
    // When it ends, and not only when the run does.
    const types = events.map((event) => event.type)
    expect(types.indexOf('model.finished')).toBeLessThan(types.indexOf('step.finished'))
    expect(pairs(await readAll(failing, 0))).toEqual({
      'items@1': ['started', 'failed'],
      'items/0/helper@1': ['started', 'cancelled'],
      'items/0/helper/model-1@1': ['started', 'cancelled'],
    })
  })

  test('an aborted effect that completes all the same has its recorded end alone [EVT-19]', async () => {
    const { opened, open } = gate()
    // Deaf to the abort: it completes while the child is being cut off.
    const deaf: Turn = async () => {
      await opened
      return says('late')
    }
    const { clock, harness } = setup(
      (ctx) => ctx.agents.helper('x', { timeoutMs: 50 }).catch(() => 'timed out'),
      [deaf],
    )
    const session = await harness.getSession('s')
    const handle = await session.workflows.w.start(null)
    const { seen, ended } = readAlong(handle.events())
    await clock.advance(60)
    open()
    await clock.until(ended)
    for (const [id, ends] of Object.entries(pairs(seen))) expect([id, ends.length]).toEqual([id, 2])
  })

  test('over a suspension, of what ended before it [EVT-20]', async () => {
    const { clock, harness } = setup(
      async (ctx) => {
        const child = ctx.agents.helper('x', { key: 'child' })
        await ctx.wait('go')
        return child
      },
      [says('done')],
    )
    const session = await harness.getSession('s')
    const handle = await session.workflows.w.start(null, { durable: { runId: 'r' } })
    const { seen, ended } = readAlong(handle.events())
    await clock.advance(200)
    await harness.runs.signal('r', 'go', 1)
    await clock.until(ended)
    expect(seen.some((event) => event.type === 'run.resumed')).toBe(true)
    for (const ends of Object.values(pairs(seen))) expect(ends).toEqual(['started', 'ok'])
  })

  test('in a fan-out that waits, over a suspension in one process [EVT-20]', async () => {
    const { clock, harness } = setup((ctx) => ctx.fanOut('items', [1], (inner) => inner.wait('go')), [])
    const session = await harness.getSession('s')
    const handle = await session.workflows.w.start(null, { durable: { runId: 'r' } })
    const { seen, ended } = readAlong(handle.events())
    await clock.advance(200)
    await harness.runs.signal('r', 'go', 7)
    await clock.until(ended)
    expect(pairs(seen)).toEqual({ 'items@1': ['started', 'interrupted'], 'items@2': ['started', 'ok'] })
    const types = seen.map((event) => event.type)
    expect(types.indexOf('fanout.finished')).toBe(types.indexOf('run.resumed') - 1)
    expect(await handle.result).toEqual([7])
  })

  test('for a reader of the process that dies and one of the process that goes on [EVT-20]', async () => {
    const { clock, store, harnessOf } = setup((ctx) => ctx.agents.helper('x'), [])
    let ends = 0
    const mortal = mortalStore(store, (batch) => {
      if (typesOf(batch).includes('model.finished') && ++ends === 1) mortal.die()
    })
    const first = harnessOf({ owner: 'process-1', store: mortal, script: [says('lost')] })
    const handle = await (await first.getSession('s')).workflows.w.start(null, { durable: { runId: 'r' } })
    const before = readAlong(handle.events())
    await clock.settle()
    expect(pairs(before.seen)).toEqual({ 'helper@1': ['started'], 'helper/model-1@1': ['started'] })
    clock.dead.add('process-1')
    const second = harnessOf({ owner: 'process-2', script: [says('kept')] })
    const resumed = await second.runs.resume('r')
    const after = readAlong(resumed.events())
    await clock.until(after.ended)
    expect(pairs(after.seen)).toEqual({
      'helper@2': ['started', 'ok'],
      'helper/model-1@2': ['started', 'ok'],
    })
  })

  test('a failed run that is resumed begins under new ids [EVT-19, EVT-20]', async () => {
    let failing = true
    const turn: Turn = async (): Promise<readonly ModelPart[]> => {
      if (failing) throw new Error('bad luck')
      return says('lucky')
    }
    const { clock, harness } = setup((ctx) => ctx.agents.helper('x'), [turn, turn])
    const session = await harness.getSession('s')
    const start = () => session.workflows.w.start(null, { durable: { runId: 'r' } })
    const first = await start()
    const before = readAlong(first.events())
    await clock.until(before.ended)
    expect(pairs(before.seen)).toEqual({
      'helper@1': ['started', 'failed'],
      'helper/model-1@1': ['started', 'failed'],
    })
    failing = false
    const second = await start()
    const after = readAlong(second.events())
    await clock.until(after.ended)
    expect(pairs(after.seen)).toEqual({
      'helper@2': ['started', 'ok'],
      'helper/model-1@2': ['started', 'ok'],
    })
  })
})

test('a late reader is not told of an end whose beginning it was not told of', async () => {
  const { clock, harness } = setup((ctx) => ctx.agents.helper('x'), [silence])
  const session = await harness.getSession('s')
  const handle = await session.workflows.w.start(null)
  await clock.settle()
  const late = readAlong(handle.events())
  await clock.settle()
  await handle.cancel()
  await clock.until(late.ended)
  expect(late.seen.map((event) => event.type)).toEqual(['run.started', 'run.finished'])
})
