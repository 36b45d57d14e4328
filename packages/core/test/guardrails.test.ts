import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  defineAgent,
  defineGuardrail,
  defineHarness,
  defineTool,
  type Guardrail,
  type GuardrailContext,
  type GuardrailInit,
  type Tool,
} from '../src/index.ts'
import type { Store } from '../src/ports/index.ts'
import { collect, failureOf, thrownBy } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'
import { storeOn } from './fixtures/mortal-store.ts'
import { recordingLogger } from './fixtures/recording-logger.ts'
import { calls, says, scriptedModel, type ScriptedModel, type Turn } from './fixtures/scripted-model.ts'

interface World {
  readonly guardrails?: readonly Guardrail[]
  readonly ofHarness?: readonly Guardrail[]
  readonly tools?: readonly Tool[]
  readonly output?: z.ZodType
  readonly store?: Store
  readonly clock?: ReturnType<typeof manualPlatform>
}

async function sessionWith(script: readonly Turn[] | ScriptedModel, init: World) {
  const clock = init.clock ?? manualPlatform()
  const model = 'requests' in script ? script : scriptedModel(script)
  const logger = recordingLogger()
  const agent = defineAgent({
    name: 'helper',
    model: 'main',
    instructions: 'Help.',
    tools: init.tools ?? [],
    guardrails: init.guardrails ?? [],
    ...(init.output !== undefined && { output: init.output }),
  })
  const harness = defineHarness({
    name: 'test',
    models: { main: model },
    agents: { agent },
    platform: clock,
    store: init.store ?? storeOn(clock),
    guardrails: init.ofHarness ?? [],
    logger,
  })
  const session = await harness.getSession('s')
  const run = (input = 'hello', runId = 'r') =>
    clock.until(session.agents.agent.run(input, { durable: { runId } }))
  const events = (runId = 'r') => collect(harness.runs.events(runId))
  return { clock, model, harness, session, run, events, logger }
}

const guard = (on: GuardrailInit['on'], check: GuardrailInit['check'], name = 'guard'): Guardrail =>
  defineGuardrail({ name, on, check })
const pass = { action: 'pass' } as const
const block = (reason = 'not_allowed') => ({ action: 'block', reason }) as const
const become = (value: unknown) => ({ action: 'transform', value }) as const

const echo = (seen: unknown[] = [], output?: z.ZodType) =>
  defineTool({
    name: 'echo',
    description: 'Echoes.',
    input: z.object({ text: z.string().max(20) }),
    ...(output !== undefined && { output }),
    effect: 'read',
    execute: ({ text }) => {
      seen.push(text)
      return { text }
    },
  })
const callEcho = (text: string): Turn => calls(['c', 'echo', { text }])

describe('a guardrail on input', () => {
  test('sees the input and lets it pass [GRD-1, GRD-2]', async () => {
    const seen: unknown[] = []
    const { run, model, clock } = await sessionWith([says('hi')], {
      guardrails: [guard('input', (value, { stage, agent }) => (seen.push(value, stage, agent), pass))],
    })
    expect(await run('hello')).toBe('hi')
    expect(seen).toEqual(['hello', 'input', 'helper'])
    expect(clock.timers).toEqual([])
    expect(model.requests[0]?.messages.at(-1)).toMatchObject({ content: [{ text: 'hello' }] })
  })

  test('transforms it, and the next one sees what became of it [GRD-2]', async () => {
    const { run, model, session } = await sessionWith([says('hi')], {
      guardrails: [
        guard('input', (value) => become(`${String(value)}-1`), 'first'),
        guard('input', (value) => become(`${String(value)}-2`), 'second'),
      ],
    })
    await run('hello')
    const asked = { content: [{ type: 'text', text: 'hello-1-2' }] }
    expect(model.requests[0]?.messages.at(-1)).toMatchObject(asked)
    expect((await session.history.list())[0]).toMatchObject(asked)
  })

  test('blocks: the run fails with name, stage and reason, and no model is asked [GRD-2]', async () => {
    const asked: string[] = []
    const { run, model, session } = await sessionWith([], {
      guardrails: [
        guard('input', () => block('secret_in_input'), 'secrets'),
        guard('input', () => (asked.push('second'), pass), 'second'),
      ],
    })
    const error = await failureOf(run('my-password'))
    expect(error).toMatchObject({
      code: 'guardrail/blocked',
      retryable: false,
      meta: { guardrail: 'secrets', stage: 'input', reason: 'secret_in_input', agent: 'helper' },
    })
    expect(JSON.stringify(error)).not.toContain('my-password')
    expect(model.requests).toEqual([])
    expect(asked).toEqual([])
    expect(await session.history.list()).toEqual([])
  })

  test('a transformed input that the schema refuses blocks', async () => {
    const { run, events } = await sessionWith([], { guardrails: [guard('input', () => become(5))] })
    const meta = { guardrail: 'guard', reason: 'invalid_transform', stage: 'input' }
    expect(await failureOf(run())).toMatchObject({ code: 'guardrail/blocked', meta })
    expect((await events())[1]).toMatchObject({ type: 'step.finished', status: 'failed', error: { meta } })
  })
})

describe('a guardrail on output', () => {
  test('sees the answer and transforms it, in the history too [GRD-1, GRD-2]', async () => {
    const { run, session } = await sessionWith([says('call 555-1234'), says('again')], {
      guardrails: [guard('output', (value) => become(String(value).replaceAll(/\d{3}-\d{4}/g, '[phone]')))],
    })
    expect(await run()).toBe('call [phone]')
    expect((await session.history.list()).at(-1)).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'call [phone]' }],
    })
    await run('more', 'r2')
    expect((await session.history.list()).at(-1)).toMatchObject({ content: [{ text: 'again' }] })
  })

  test('transforms a structured answer, which has to fit the schema', async () => {
    const output = z.object({ n: z.number() })
    const good = await sessionWith([says('{"n":1}')], {
      output,
      guardrails: [guard('output', (value) => become({ n: (value as { n: number }).n + 1 }))],
    })
    expect(await good.run()).toEqual({ n: 2 })
    expect((await good.session.history.list()).at(-1)).toMatchObject({ content: [{ text: '{"n":2}' }] })
    const bad = await sessionWith([says('{"n":1}')], {
      output,
      guardrails: [guard('output', () => become({ n: 'x' }))],
    })
    expect(await failureOf(bad.run())).toMatchObject({ meta: { reason: 'invalid_transform' } })
  })

  test('blocks: the run fails, and the answer is not in the history [GRD-2]', async () => {
    const { run, session, model } = await sessionWith([says('rude words'), says('ok')], {
      guardrails: [guard('output', (value) => (value === 'ok' ? pass : block('rude')))],
    })
    const error = await failureOf(run())
    expect(error).toMatchObject({ code: 'guardrail/blocked', meta: { stage: 'output', reason: 'rude' } })
    expect(JSON.stringify(error)).not.toContain('rude words')
    expect((await session.history.list()).map(({ role }) => role)).toEqual(['user'])
    await run('next', 'r2')
    expect(JSON.stringify(model.requests[1])).not.toContain('rude words')
  })

  test('text is not shown before it was let through', async () => {
    const held = await sessionWith([says('text')], { guardrails: [guard('output', () => pass)] })
    const types = async (session: typeof held.session) => {
      const seen: string[] = []
      const reading = (async () => {
        for await (const event of session.agents.agent.stream('hi')) seen.push(event.type)
      })()
      await held.clock.until(reading)
      return seen
    }
    expect(await types(held.session)).not.toContain('model.delta')
    const open = await sessionWith([says('text')], {
      clock: held.clock,
      guardrails: [guard('input', () => pass)],
    })
    expect(await types(open.session)).toContain('model.delta')
  })
})

describe('a guardrail on calls', () => {
  test('sees the arguments and the tool, and what it transforms is executed [GRD-1, GRD-2]', async () => {
    const seen: unknown[] = []
    const { run, model } = await sessionWith([callEcho('secret'), says('done')], {
      tools: [echo(seen)],
      guardrails: [
        guard('tool_call', (value, { tool, callId }) => {
          seen.push(value, tool, callId)
          return become({ text: 'public' })
        }),
      ],
    })
    expect(await run()).toBe('done')
    expect(seen).toEqual([{ text: 'secret' }, 'echo', 'c', 'public'])
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      content: [{ output: { text: 'public' }, isError: false }],
    })
  })

  test('blocks: the tool is not executed, the model gets an error result, the run goes on [GRD-2]', async () => {
    const executed: unknown[] = []
    const { run, model, events, session } = await sessionWith([callEcho('x'), says('sorry')], {
      tools: [echo(executed)],
      guardrails: [guard('tool_call', () => block('outside_hours'))],
    })
    expect(await run()).toBe('sorry')
    expect(executed).toEqual([])
    const result = {
      content: [{ isError: true, callId: 'c', output: expect.stringContaining('outside_hours') }],
    }
    expect(model.requests[1]?.messages.at(-1)).toMatchObject(result)
    expect((await session.history.list())[2]).toMatchObject(result)
    expect((await events()).find(({ type }) => type === 'tool.finished')).toMatchObject({
      status: 'failed',
      error: { code: 'guardrail/blocked', meta: { stage: 'tool_call', tool: 'echo' } },
    })
  })

  test('is asked after the schema: a call that does not match never reaches it', async () => {
    const asked: unknown[] = []
    const { run } = await sessionWith([callEcho('x'.repeat(21)), says('sorry')], {
      tools: [echo()],
      guardrails: [guard('tool_call', (value) => (asked.push(value), pass))],
    })
    await run()
    expect(asked).toEqual([])
  })

  test('transformed arguments that the schema refuses block the call', async () => {
    const executed: unknown[] = []
    const { run, events } = await sessionWith([callEcho('x'), says('sorry')], {
      tools: [echo(executed)],
      guardrails: [guard('tool_call', () => become({ text: 'x'.repeat(21) }))],
    })
    await run()
    expect(executed).toEqual([])
    expect((await events()).find(({ type }) => type === 'tool.finished')).toMatchObject({
      error: { code: 'guardrail/blocked', meta: { reason: 'invalid_transform' } },
    })
  })
})

describe('a guardrail on results', () => {
  test('transforms what the model and the journal get [GRD-1, GRD-2]', async () => {
    const seen: GuardrailContext[] = []
    const { run, model, events } = await sessionWith([callEcho('secret'), says('done')], {
      tools: [echo()],
      guardrails: [
        guard('tool_result', (value, context) => {
          seen.push(context)
          return become({ text: `${(value as { text: string }).text.length} characters` })
        }),
      ],
    })
    await run()
    expect(seen[0]).toMatchObject({ tool: 'echo', arguments: { text: 'secret' }, runId: 'r' })
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      content: [{ output: { text: '6 characters' } }],
    })
    expect(JSON.stringify((await events()).filter(({ type }) => type === 'tool.finished'))).not.toContain(
      'secret',
    )
  })

  test('blocks: the model gets an error result and nothing of the result [GRD-2]', async () => {
    const { run, model } = await sessionWith([callEcho('secret'), says('done')], {
      tools: [echo()],
      guardrails: [guard('tool_result', () => block('too_much'))],
    })
    await run()
    const message = model.requests[1]?.messages.at(-1)
    expect(message).toMatchObject({ content: [{ isError: true }] })
    expect(JSON.stringify(message)).not.toContain('secret')
  })

  test('a transformed result that the output schema of the tool refuses blocks', async () => {
    const { run, events } = await sessionWith([callEcho('x'), says('done')], {
      tools: [echo([], z.object({ text: z.string() }))],
      guardrails: [guard('tool_result', () => become({ text: 1 }))],
    })
    await run()
    expect((await events()).find(({ type }) => type === 'tool.finished')).toMatchObject({
      error: { meta: { reason: 'invalid_transform', stage: 'tool_result' } },
    })
  })
})

describe('a guardrail that gives no clear answer blocks', () => {
  const odd: readonly (readonly [string, () => unknown, string])[] = [
    ['throws', () => Promise.reject(new Error('my-password')), 'guardrail_failed'],
    ['says nothing', () => undefined, 'invalid_verdict'],
    ['says null', () => null, 'invalid_verdict'],
    ['says true', () => true, 'invalid_verdict'],
    ['says another word', () => ({ action: 'allow' }), 'invalid_verdict'],
    ['transforms into nothing', () => ({ action: 'transform' }), 'invalid_verdict'],
    ['gives a sentence as reason', () => block('it holds my-password'), 'unnamed'],
    ['gives no reason', () => ({ action: 'block' }), 'unnamed'],
  ]
  test.each(odd)('%s [GRD-3]', async (_title, check, reason) => {
    const { run, logger } = await sessionWith([], { guardrails: [guard('input', check as never)] })
    const error = await failureOf(run())
    expect(error).toMatchObject({ code: 'guardrail/blocked', meta: { reason } })
    expect(JSON.stringify([error, logger.lines])).not.toContain('my-password')
  })

  test('takes too long: it is aborted after its time, 10,000 ms by default [GRD-3]', async () => {
    for (const timeoutMs of [undefined, 500]) {
      let aborted: unknown
      const slow = defineGuardrail({
        name: 'slow',
        on: 'input',
        ...(timeoutMs !== undefined && { timeoutMs }),
        check: (_value, { signal }) =>
          new Promise(() => signal.addEventListener('abort', () => (aborted = signal.reason))),
      })
      const { run, clock } = await sessionWith([], { guardrails: [slow] })
      const error = await failureOf(run())
      expect(error).toMatchObject({ meta: { reason: 'guardrail_timed_out' } })
      expect(clock.monotonic()).toBe(timeoutMs ?? 10_000)
      expect(aborted).toBeInstanceOf(Error)
      expect(clock.timers).toEqual([])
    }
  })
})

test('an abort of the run reaches a guardrail and is no block', async () => {
  let seen: unknown
  const { session, clock, events } = await sessionWith([], {
    guardrails: [
      guard('input', (_value, { signal }) => {
        signal.addEventListener('abort', () => (seen = signal.reason))
        return new Promise(() => undefined)
      }),
    ],
  })
  const handle = await session.agents.agent.start('x', { durable: { runId: 'r' } })
  await clock.settle()
  await clock.until(handle.cancel())
  expect(await failureOf(clock.until(handle.result))).toMatchObject({ code: 'run/cancelled' })
  expect(seen).toBeDefined()
  expect((await events()).map(({ type }) => type)).not.toContain('step.finished')
})

test('those of the harness come first and hold for every agent', async () => {
  const order: string[] = []
  const note = (name: string) => guard('input', () => (order.push(name), pass), name)
  const { run } = await sessionWith([says('hi')], {
    guardrails: [note('own')],
    ofHarness: [note('harness')],
  })
  await run()
  expect(order).toEqual(['harness', 'own'])
})

test('one guardrail may watch several stages [GRD-1]', async () => {
  const stages: string[] = []
  const { run } = await sessionWith([callEcho('x'), says('done')], {
    tools: [echo()],
    guardrails: [
      guard(['input', 'output', 'tool_call', 'tool_result'], (_value, { stage }) => {
        stages.push(stage)
        return pass
      }),
    ],
  })
  await run()
  expect(stages).toEqual(['input', 'tool_call', 'tool_result', 'output'])
})

test('an agent without guardrails records no step for them', async () => {
  const { run, events } = await sessionWith([callEcho('x'), says('done')], { tools: [echo()] })
  await run()
  expect((await events()).map(({ type }) => type)).toEqual([
    'run.started',
    'model.finished',
    'tool.finished',
    'model.finished',
    'run.finished',
  ])
})

test.each([
  ['a name', { name: 'no name', on: 'input', check: () => pass }],
  ['a stage', { name: 'a', on: 'model', check: () => pass }],
  ['no stage', { name: 'a', on: [], check: () => pass }],
  ['a check', { name: 'a', on: 'input', check: 1 }],
  ['a time limit', { name: 'a', on: 'input', timeoutMs: -1, check: () => pass }],
])('a definition with %s that is not valid is refused', (_what, init) => {
  expect(thrownBy(() => defineGuardrail(init as never)).code).toBe('config/definition')
})

test('two guardrails of one name, and what is none, are refused', () => {
  const base = { name: 'a', model: 'm', instructions: 'x' }
  const one = guard('input', () => pass)
  expect(thrownBy(() => defineAgent({ ...base, guardrails: [one, one] })).code).toBe('config/definition')
  expect(thrownBy(() => defineAgent({ ...base, guardrails: [{} as never] })).code).toBe('config/definition')
})
