import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow, inMemoryStore } from '../src/index.ts'
import { collect, failureOf, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel } from './fixtures/scripted-model.ts'
import { waitingHarness } from './fixtures/waiting-harness.ts'

const agent = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.' })
const define = (over: object) => () =>
  defineHarness({ name: 'test', models: { main: scriptedModel([]) }, ...over })

describe('defineHarness refuses', () => {
  test('a capability that no adapter has, and says which and what there is [ADP-6]', () => {
    const error = thrownBy(define({ requires: ['store.persistent', 'store.multi-process'] }))
    expect(error.code).toBe('config/adapter')
    expect(error.message).toMatch(/"store\.persistent", "store\.multi-process".*@belay\/core/)
  })

  test('an adapter of another spec, by name and version [ADP-5]', () => {
    const store = inMemoryStore()
    const other = {
      ...store,
      info: {
        ...store.info,
        packageName: '@x/store',
        version: '3.2.1',
        specs: { ...store.info.specs, journal: 'journal/9' },
      },
    }
    const error = thrownBy(define({ store: other }))
    expect(error.code).toBe('config/adapter')
    expect(error.message).toMatch(/@x\/store 3\.2\.1.*journal\/9.*journal\/1/)
  })

  test.each([
    ['a store that is none', { store: {} }],
    ['a store whose specs are null', { store: { info: { id: 'x', specs: null, capabilities: [] } } }],
    ['a platform that is none', { platform: {} }],
    ['a model without info', { models: { main: { generate: () => undefined } } }],
  ])('%s', (_title, over) => {
    expect(thrownBy(define(over)).code).toBe('config/adapter')
  })

  test.each([
    ['no name', { name: undefined }, /name is missing/],
    ['a name that is not valid', { name: 'a b' }, /name is not valid/],
    [
      'two definitions of one name',
      { agents: { a: agent, b: agent } },
      /two definitions are called agent "helper"/,
    ],
    [
      'an alias that `models` does not have',
      { models: {}, agents: { agent } },
      /names the model alias "main"/,
    ],
    ['defaults that are not valid', { defaults: { maxSteps: 0 } }, /maxSteps/],
    ['a negative default window', { defaults: { historyWindow: -1 } }, /historyWindow/],
  ])('%s', (_title, over, message) => {
    const error = thrownBy(define(over))
    expect(error.code).toBe('config/definition')
    expect(error.message).toMatch(message)
  })

  test('a schema that a model cannot see', () => {
    const tool = defineTool({
      name: 't',
      description: 'T.',
      input: z.object({ at: z.date() }),
      execute: () => 1,
    })
    const odd = defineAgent({ name: 'odd', model: 'main', instructions: 'x', tools: [tool] })
    const error = thrownBy(define({ agents: { odd } }))
    expect(error.code).toBe('config/definition')
    expect(error.message).toMatch(/Agent "odd", tool "t"/)
  })
})

describe('definitions', () => {
  const tool = { name: 't', description: 'T.', input: z.object({}), execute: () => 1 }
  const workflow = { name: 'w', input: z.null(), output: z.null(), run: () => null }
  test.each([
    ['a tool without a name', () => defineTool({ ...tool, name: undefined as never }), /name is missing/],
    [
      'a tool with a name that providers refuse',
      () => defineTool({ ...tool, name: 'a.b' }),
      /name is not valid/,
    ],
    ['a tool without input', () => defineTool({ ...tool, input: undefined as never }), /input is missing/],
    [
      'a tool that cannot be executed',
      () => defineTool({ ...tool, execute: 1 as never }),
      /execute must be a function/,
    ],
    ['a tool with an unknown effect', () => defineTool({ ...tool, effect: 'twice' as never }), /effect/],
    ['a tool whose input is no schema', () => defineTool({ ...tool, input: {} as never }), /Standard Schema/],
    [
      'an agent without a model',
      () => defineAgent({ name: 'a', instructions: 'x' } as never),
      /model is missing/,
    ],
    [
      'an agent without instructions',
      () => defineAgent({ name: 'a', model: 'm' } as never),
      /instructions is missing/,
    ],
    [
      'an agent with odd instructions',
      () => defineAgent({ name: 'a', model: 'm', instructions: 1 as never }),
      /instructions/,
    ],
    [
      'an agent with two tools of one name',
      () =>
        defineAgent({
          name: 'a',
          model: 'm',
          instructions: 'x',
          tools: [defineTool(tool), defineTool(tool)],
        }),
      /two tools/,
    ],
    [
      'an agent whose tools are no tools',
      () => defineAgent({ name: 'a', model: 'm', instructions: 'x', tools: [{}] as never }),
      /defineTool/,
    ],
    [
      'a negative time limit',
      () => defineAgent({ name: 'a', model: 'm', instructions: 'x', timeoutMs: -1 }),
      /timeoutMs/,
    ],
    [
      'a workflow without output',
      () => defineWorkflow({ ...workflow, output: undefined } as never),
      /output is missing/,
    ],
    [
      'a workflow whose agents are none',
      () => defineWorkflow({ ...workflow, agents: { a: {} as never } }),
      /defineAgent/,
    ],
    [
      'a workflow whose tools are none',
      () => defineWorkflow({ ...workflow, tools: { a: {} as never } }),
      /defineTool/,
    ],
    [
      'a workflow whose models list nothing',
      () => defineWorkflow({ ...workflow, models: { fast: 'text' as never } }),
      /models\.fast/,
    ],
  ])('%s is config/definition', (_title, make, message) => {
    const error = thrownBy(make)
    expect(error.code).toBe('config/definition')
    expect(error.message).toMatch(message)
  })

  test('are frozen', () => {
    const made = defineAgent({ name: 'a', model: 'm', instructions: 'x', settings: { seed: 1 } })
    const flow = defineWorkflow({ ...workflow, delegation: { maxDepth: 1 } })
    for (const value of [
      made,
      made.tools,
      made.settings,
      flow,
      flow.agents,
      flow.models,
      flow.aliases,
      flow.delegation,
      defineTool(tool),
    ]) {
      expect(Object.isFrozen(value)).toBe(true)
    }
  })
})

describe('inspect', () => {
  test('shows what was resolved, without I/O [MOD-1]', () => {
    const store = mortalStore(inMemoryStore())
    store.die()
    const harness = defineHarness({
      name: 'test',
      models: { main: scriptedModel([]) },
      agents: { agent },
      store,
    })
    expect(harness.inspect()).toMatchObject({
      name: 'test',
      adapters: [
        { role: 'store', info: { id: 'in-memory' } },
        { role: 'platform', info: { id: 'node' } },
        { role: 'sandbox', info: { id: 'in-memory' } },
        { role: 'workspace', info: { id: 'in-memory' } },
        { role: 'models.main' },
      ],
      models: [{ alias: 'main', provider: 'scripted', modelId: 'scripted-1' }],
      definitions: [{ kind: 'agent', name: 'helper', version: '1' }],
    })
  })
})

describe('shutdown', () => {
  test('stops what executes without ending it, frees its lease, and closes the adapters', async () => {
    const { harness, harnessOf, clock, store, outside } = waitingHarness()
    let closed = 0
    const first = harnessOf({ owner: 'a', store: { ...store, close: async () => void closed++ } })
    const session = await first.getSession('s')
    const handle = await session.workflows.hold.start(null, { durable: { runId: 'r' } })
    await clock.settle()
    const shutdown = first.shutdown()
    expect(await failureOf(handle.result)).toMatchObject({ code: 'harness/closed', meta: { runId: 'r' } })
    await clock.until(Promise.all([shutdown, first.shutdown(), first[Symbol.asyncDispose]()]))
    expect(closed).toBe(1)
    expect(await failureOf(first.getSession('s'))).toMatchObject({ code: 'harness/closed' })
    expect(await failureOf(session.workflows.quick.run(1))).toMatchObject({ code: 'harness/closed' })
    const resumed = await harness.runs.resume('r')
    await clock.settle()
    outside.release()
    expect(await clock.until(resumed.result)).toBe('released')
    expect(clock.timers).toEqual([])
  })

  test('closes every adapter even if some fail, and reports the failures together [SES-20]', async () => {
    const closed: string[] = []
    const failing = (name: string) => ({
      close: async () => {
        closed.push(name)
        throw new Error(`${name} is stuck`)
      },
    })
    const model = { ...scriptedModel([]), ...failing('model') }
    const store = { ...inMemoryStore(), ...failing('store') }
    const harness = defineHarness({ name: 'test', models: { main: model, again: model }, store })
    const error = await harness.shutdown().then(
      () => undefined,
      (failure: unknown) => failure,
    )
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors.map((failure: Error) => failure.message)).toEqual([
      'store is stuck',
      'model is stuck',
    ])
    expect(closed).toEqual(['store', 'model'])
  })

  test('ends every reader [RUN-31]', async () => {
    const { harness, clock } = waitingHarness()
    const session = await harness.getSession('s')
    await session.workflows.wait.start(1, { durable: { runId: 'r' } })
    await clock.advance(1_000)
    const reading = collect(harness.runs.events('r'))
    await clock.settle()
    await harness.shutdown()
    expect((await reading).at(-1)?.type).toBe('run.suspended')
    expect(clock.timers).toEqual([])
  })
})

describe('after a run has ended', () => {
  const tool = defineTool({ name: 'act', description: 'Acts.', input: z.object({}), execute: () => 1 })
  const helper = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [tool] })

  test('no timer of it remains [RUN-34]', async () => {
    const clock = manualPlatform()
    const model = scriptedModel([calls(['c', 'act', {}]), says('ok')])
    const harness = defineHarness({
      name: 'test',
      models: { main: model },
      agents: { helper },
      platform: clock,
    })
    const session = await harness.getSession('s')
    expect(await session.agents.helper.run('go')).toBe('ok')
    expect(clock.timers).toEqual([])
  })

  test('nothing of it keeps the process alive', async () => {
    const model = scriptedModel([calls(['c', 'act', {}]), says('ok')])
    const harness = defineHarness({ name: 'test', models: { main: model }, agents: { helper } })
    const session = await harness.getSession('s')
    const before = process
      .getActiveResourcesInfo()
      .filter((kind) => kind === 'Timeout' || kind === 'Immediate').length
    await session.agents.helper.run('go')
    await new Promise((resolve) => setImmediate(resolve))
    const after = process
      .getActiveResourcesInfo()
      .filter((kind) => kind === 'Timeout' || kind === 'Immediate').length
    expect(after).toBeLessThanOrEqual(before)
  })
})
