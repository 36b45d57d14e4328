import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineAgent, defineHarness, defineTool, defineWorkflow } from '../src/index.ts'
import { collect, failureOf } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { storeOn } from './fixtures/mortal-store.ts'
import { calls, says, scriptedModel, type Turn } from './fixtures/scripted-model.ts'

const canary = 'canary-7f3a'

function sessionOf(script: readonly Turn[]) {
  const clock = manualPlatform()
  const shape = z.object({ id: z.number() })
  const lookup = defineTool({
    name: 'lookup',
    description: 'Looks up.',
    input: shape,
    output: shape,
    effect: 'read',
    execute: () => ({ id: canary }) as never,
  })
  const base = { model: 'main', instructions: `Say ${canary}.`, tools: [lookup] }
  const harness = defineHarness({
    name: 'test',
    models: { main: scriptedModel(script) },
    agents: {
      strict: defineAgent({ name: 'strict', ...base, input: shape, output: shape }),
      short: defineAgent({ name: 'short', ...base, maxSteps: 1 }),
    },
    workflows: {
      odd: defineWorkflow({
        name: 'odd',
        input: z.string(),
        output: shape,
        run: () => ({ id: canary }) as never,
      }),
      unstorable: defineWorkflow({
        name: 'unstorable',
        input: z.string(),
        output: z.unknown(),
        run: () => ({ secret: canary, when: new Date(0) }),
      }),
    },
    platform: clock,
    store: storeOn(clock),
  })
  return { harness, clock, session: harness.getSession('s') }
}

const failures: readonly (readonly [
  string,
  readonly Turn[],
  (session: Awaited<ReturnType<typeof sessionOf>['session']>) => Promise<unknown>,
])[] = [
  ['validation/input', [], (session) => session.agents.strict.run({ id: canary } as never)],
  [
    'validation/agent_output',
    [says(`{ "id": "${canary}" }`), says(canary)],
    (session) => session.agents.strict.run({ id: 1 }),
  ],
  ['agent/budget', [calls(['c', 'lookup', { id: canary }])], (session) => session.agents.short.run(canary)],
  ['validation/output', [], (session) => session.workflows.odd.run(canary)],
  ['validation/value', [], (session) => session.workflows.unstorable.run(canary)],
]

test.each(failures)('%s is serialised without content [ERR-7]', async (code, script, start) => {
  const { session, clock } = sessionOf(script)
  const error = await failureOf(clock.until(start(await session)))
  expect(error.code).toBe(code)
  expect(JSON.stringify(error)).not.toContain(canary)
})

test('refused calls of tools are recorded without content [ERR-7]', async () => {
  const script = [
    calls(['a', 'lookup', { id: canary }], ['b', 'lookup', canary], ['c', 'lookup', { id: 1 }]),
    says('{ "id": 1 }'),
  ]
  const { session, clock, harness } = sessionOf(script)
  const { agents } = await session
  await clock.until(agents.strict.run({ id: 1 }, { durable: { runId: 'r' } }))
  const finished = (await collect(harness.runs.events('r'))).filter((event) => event.type === 'tool.finished')
  const errors = finished.map((event) => (event.status === 'failed' ? event.error : undefined))
  expect(errors.map((error) => error?.code)).toEqual([
    'tool/invalid-arguments',
    'tool/invalid-arguments',
    'tool/failed',
  ])
  expect(JSON.stringify(errors)).not.toContain(canary)
})
