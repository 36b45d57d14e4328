import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow, type RunEvent } from '../src/index.ts'
import { collect } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { mortalStore, storeOn, typesOf } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel, type Turn } from './fixtures/scripted-model.ts'

const act = defineTool({
  name: 'act',
  description: 'Acts.',
  input: z.object({}),
  effect: 'read',
  execute: () => 1,
})
const helper = defineAgent({ name: 'helper', model: 'main', instructions: 'Help.', tools: [act] })

const flow = defineWorkflow({
  name: 'flow',
  input: z.null(),
  output: z.unknown(),
  agents: { helper },
  run: async (ctx) => {
    await ctx.step('alone', () => 1)
    await ctx.agents.helper('x', { model: 'other' })
    return ctx.fanOut('items', [1], (inner) => inner.agents.helper('y'))
  },
})

const script: readonly Turn[] = [calls(['c', 'act', {}]), says('one'), says('two')]

function setup() {
  const clock = manualPlatform()
  const store = storeOn(clock)
  const harnessOf = (owner: string, over: { store?: typeof store; script?: readonly Turn[] } = {}) => {
    const model = scriptedModel(over.script ?? script)
    return defineHarness({
      name: 'test',
      models: { main: model, other: model },
      workflows: { flow },
      platform: clock.process(owner),
      store: over.store ?? store,
    })
  }
  return { clock, store, harnessOf }
}

const keyOf = (event: RunEvent): string => ('key' in event ? event.key : '')
const inChild = (key: string): boolean => key.startsWith('helper') || key.startsWith('items/0/helper')

describe('the lineage of a child', () => {
  test('is on every event of it, committed and transient, and on no other [EVT-23]', async () => {
    const { clock, harnessOf } = setup()
    const session = await harnessOf('process-1').getSession('s')
    const events = await clock.until(
      collect(session.workflows.flow.stream(null, { durable: { runId: 'r' } })),
    )
    const first = {
      workflow: 'flow',
      parent: '',
      delegationCallId: expect.stringMatching(/^delegate_[0-9A-HJKMNP-TV-Z]{26}$/),
      depth: 1,
      model: 'other',
    }
    const second = { ...first, parent: 'items/0', model: 'main' }
    for (const event of events) {
      const key = keyOf(event)
      const expected = !inChild(key) ? undefined : key.startsWith('helper') ? first : second
      expect([event.type, key, 'lineage' in event ? event.lineage : undefined]).toEqual([
        event.type,
        key,
        expected,
      ])
    }
    const types = (prefix: string): string[] =>
      events.filter((event) => keyOf(event).startsWith(prefix)).map((event) => event.type)
    expect(new Set(types('helper'))).toEqual(
      new Set([
        'agent.started',
        'model.started',
        'model.delta',
        'model.finished',
        'tool.started',
        'tool.finished',
        'agent.finished',
      ]),
    )
    const ids = events.flatMap((event) => ('lineage' in event ? [event.lineage?.delegationCallId] : []))
    expect(new Set(ids).size).toBe(2)
  })

  test('is the same in every attempt and process [EVT-23]', async () => {
    const { clock, store, harnessOf } = setup()
    let models = 0
    const mortal = mortalStore(store, (batch) => {
      if (typesOf(batch).includes('model.finished') && ++models === 2) mortal.die()
    })
    const first = harnessOf('process-1', { store: mortal })
    void (await first.getSession('s')).workflows.flow
      .run(null, { durable: { runId: 'r' } })
      .catch(() => undefined)
    await clock.settle()
    clock.dead.add('process-1')
    const second = harnessOf('process-2', { script: [says('one'), says('two')] })
    const handle = await second.runs.resume('r')
    await clock.until(handle.result)
    const events = await collect(second.runs.events('r'))
    const ofFirst = events.filter((event) => keyOf(event).startsWith('helper'))
    expect(ofFirst.length).toBeGreaterThan(3)
    const ids = new Set(ofFirst.map((event) => ('lineage' in event ? event.lineage?.delegationCallId : '')))
    expect(ids.size).toBe(1)
    expect(events.some((event) => event.type === 'run.resumed')).toBe(true)
  })
})
