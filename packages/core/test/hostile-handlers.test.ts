import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineHarness, defineWorkflow, type WorkflowContext } from '../src/index.ts'

/** Runs one handler and shows what became of the run and whether its session is free again. */
async function outcomeOf(handler: (ctx: WorkflowContext) => unknown) {
  const workflow = defineWorkflow({
    name: 'hostile',
    input: z.null(),
    output: z.any(),
    run: (ctx) => handler(ctx as unknown as WorkflowContext),
  })
  const harness = defineHarness({ name: 'test', models: {}, workflows: { workflow } })
  const session = await harness.getSession('s')
  const handle = await session.workflows.workflow.start(null)
  const result = await handle.result.catch((error: unknown) => error)
  const types: string[] = []
  for await (const event of harness.runs.events(handle.id)) types.push(event.type)
  return { result, types, info: await harness.runs.get(handle.id) }
}

test('what a retry policy throws is the recorded failure of its step', async () => {
  let attempts = 0
  const { result, types, info } = await outcomeOf((ctx) =>
    ctx.step(
      'charge',
      () => {
        attempts++
        throw new Error('refused')
      },
      { retry: { maxAttempts: 3, retryOn: () => JSON.parse('no JSON') as boolean } },
    ),
  )
  expect(attempts).toBe(1)
  expect(result).toMatchObject({ name: 'SyntaxError' })
  expect(types).toEqual(['run.started', 'step.finished', 'run.finished'])
  expect(info).toMatchObject({ state: 'failed' })
})

test('a value that throws when it is read is refused like any other that cannot be stored', async () => {
  const throwing = {
    get a(): number {
      throw new Error('getter')
    },
  }
  const step = await outcomeOf((ctx) => ctx.step('pay', () => throwing, { effect: 'once' }))
  expect(step.result).toMatchObject({ code: 'validation/value' })
  expect(step.types).toEqual(['run.started', 'step.intended', 'step.finished', 'run.finished'])
  const output = await outcomeOf(() => throwing)
  expect(output.result).toMatchObject({ code: 'validation/value' })
  expect(output.info).toMatchObject({ state: 'failed' })
})

test('an error that cannot be read ends the run as a failure', async () => {
  const error = new Error('x')
  Object.defineProperty(error, 'message', {
    get() {
      throw new Error('getter')
    },
  })
  const { info, result } = await outcomeOf((ctx) => ctx.step('a', () => Promise.reject(error)))
  expect(info).toMatchObject({ state: 'failed' })
  expect(result).toMatchObject({ code: 'step/failed' })
})

test('a fan-out takes an array, as it was when it began', async () => {
  const items = [1, 2]
  const grown = await outcomeOf((ctx) =>
    ctx.fanOut('f', items, async (inner, item) => {
      if (items.length < 5) items.push(item)
      return inner.step('s', () => item)
    }),
  )
  expect(grown.result).toEqual([1, 2])
  const set = new Set([1]) as unknown as readonly number[]
  expect((await outcomeOf((ctx) => ctx.fanOut('f', set, async () => 1))).result).toMatchObject({
    message: 'The items of the fan-out "f" must be an array.',
  })
})

test('reading the events of a sleeping run keeps the process alive until its end', async () => {
  const core = new URL('../dist/index.js', import.meta.url).href
  const program = `
    import { defineHarness, defineWorkflow } from '${core}'
    const anything = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }
    const run = async (ctx) => { await ctx.sleep('pause', 90); return 1 }
    const nap = defineWorkflow({ name: 'nap', input: anything, output: anything, run })
    const session = await defineHarness({ name: 'test', models: {}, workflows: { nap } }).getSession('s')
    for await (const event of session.workflows.nap.stream(null)) console.log(event.type)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  expect(stdout.trim().split('\n').at(-1)).toBe('run.finished')
})
