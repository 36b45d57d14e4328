import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineHarness, defineWorkflow } from '../../src/index.ts'
import type { Logger } from '../../src/ports/index.ts'
import { failureOf } from '../fixtures/collect.ts'
import { manualPlatform } from '../fixtures/manual-platform.ts'
import { mortalStore, storeOn } from '../fixtures/mortal-store.ts'
import { recordingLogger } from '../fixtures/recording-logger.ts'
import { waitingHarness } from '../fixtures/waiting-harness.ts'

const durable = { runId: 'r' }

const shout = (): never => {
  throw new Error('the logger is broken')
}

/** A logger of which every method throws, `child` included. */
const throwing: Logger = { debug: shout, info: shout, warn: shout, error: shout, child: shout }

/** A logger that makes children, all of which throw. */
const throwingChildren: Logger = { ...throwing, child: () => throwingChildren }

/** A logger that fails after its call. */
const rejecting = {
  ...throwing,
  error: async () => shout(),
  warn: async () => shout(),
  child: () => rejecting,
} as unknown as Logger

it('logs a cancelled run once at warn, bound to its ids [RUN-21]', async () => {
  const logger = recordingLogger()
  const { harness, clock } = waitingHarness({ logger })
  const session = await harness.getSession('s')
  const handle = await session.workflows.hold.start(null, { durable })
  await clock.settle()
  await handle.cancel('the reason is content')
  await failureOf(clock.until(handle.result))
  expect(logger.lines).toEqual([
    {
      level: 'warn',
      message: 'run cancelled',
      fields: { harness: 'test', runId: 'r', sessionId: 's', attempt: 1 },
    },
  ])
})

it('logs a run that was cancelled while it waited once at warn [RUN-21]', async () => {
  const logger = recordingLogger()
  const { harness, clock } = waitingHarness({ logger })
  const session = await harness.getSession('s')
  const handle = await session.workflows.wait.start(null, { durable })
  await clock.advance(1_000)
  await clock.until(harness.runs.cancel('r', { reason: 'enough' }))
  await failureOf(clock.until(handle.result))
  expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([['warn', 'run cancelled']])
})

it('logs a failed run once at error, with the kind of its failure and no message [RUN-21]', async () => {
  const logger = recordingLogger()
  const { harness, clock } = waitingHarness({ logger })
  const session = await harness.getSession('s')
  await expect(clock.until(session.workflows.fail.run(null, { durable }))).rejects.toThrow('bad luck')
  expect(logger.lines).toEqual([
    {
      level: 'error',
      message: 'run failed',
      fields: { harness: 'test', runId: 'r', sessionId: 's', attempt: 1, code: 'Error' },
    },
  ])
  expect(JSON.stringify(logger.lines)).not.toContain('bad luck')
})

it('logs nothing when a run succeeds [RUN-21]', async () => {
  const logger = recordingLogger()
  const { harness, clock } = waitingHarness({ logger })
  const session = await harness.getSession('s')
  await clock.until(session.workflows.quick.run(1))
  expect(logger.lines).toEqual([])
})

it.each([
  ['throws', throwing],
  ['throws in its children', throwingChildren],
  ['fails later', rejecting],
])('a logger that %s changes no outcome', async (_how, logger) => {
  const { harness, clock } = waitingHarness({ logger })
  const session = await harness.getSession('s')
  await expect(clock.until(session.workflows.fail.run(null, { durable }))).rejects.toThrow('bad luck')
  expect(await harness.runs.get('r')).toMatchObject({ state: 'failed' })
  const handle = await session.workflows.hold.start(null, { durable: { runId: 'c' } })
  await clock.settle()
  await handle.cancel()
  expect(await failureOf(clock.until(handle.result))).toMatchObject({ code: 'run/cancelled' })
})

it('ctx.log is bound to the run, silent in a replay, and never throws into the handler [STEP-18, STEP-19]', async () => {
  const clock = manualPlatform()
  const shared = storeOn(clock)
  const logger = recordingLogger()
  const talk = defineWorkflow({
    name: 'talk',
    input: z.null(),
    output: z.string(),
    run: async (ctx) => {
      ctx.log.info('before')
      await ctx.step('one', ({ log }) => log.info('in the step'))
      ctx.log.child({ part: 2 }).info('after one')
      await ctx.step('two', () => undefined)
      ctx.log.info('after two')
      return 'done'
    },
  })
  const harnessOf = (store = shared, log: Logger = logger, owner = 'living') =>
    defineHarness({
      name: 'test',
      models: {},
      workflows: { talk },
      store,
      platform: clock.process(owner),
      logger: log,
    })
  let appends = 0
  const dying = mortalStore(shared, () => {
    if (++appends === 3) dying.die()
  })
  const first = await harnessOf(dying, logger, 'dying').getSession('s')
  await first.workflows.talk.start(null, { durable })
  await clock.settle()
  clock.dead.add('dying')
  const session = await harnessOf().getSession('s')
  expect(await clock.until(session.workflows.talk.run(null, { durable }))).toBe('done')
  expect(logger.lines.map(({ message, fields }) => [fields['attempt'], message, fields['part']])).toEqual([
    [1, 'before', undefined],
    [1, 'in the step', undefined],
    [1, 'after one', 2],
    [2, 'after two', undefined],
  ])
  for (const { fields } of logger.lines)
    expect(fields).toMatchObject({ harness: 'test', runId: 'r', sessionId: 's' })
  const quiet = await harnessOf(storeOn(clock), throwing).getSession('q')
  expect(await clock.until(quiet.workflows.talk.run(null))).toBe('done')
})
