import { expect, test } from 'vitest'
import { z } from 'zod'
import type { StepSandbox, WorkflowContext } from '../src/index.ts'
import { defineHarness, defineWorkflow, inMemoryFiles, inMemoryStore, nodePlatform } from '../src/index.ts'
import { gate } from './fixtures/collect.ts'
import { manualPlatform } from './fixtures/manual-platform.ts'

const path = '/workspace/log.txt'
const slow = '/workspace/slow'

async function read(sandbox: StepSandbox): Promise<string> {
  return new TextDecoder().decode((await sandbox.files.read(path))?.bytes)
}

async function add(sandbox: StepSandbox, text: string): Promise<string> {
  const all = `${await read(sandbox)}${text}`
  await sandbox.files.write(path, new TextEncoder().encode(all))
  return all
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** Long enough for everything that waits for nothing. */
async function turns(): Promise<void> {
  for (let count = 0; count < 100; count++) await turn()
}

/** Files whose first sandbox ends, and whose slow file is read, when a gate opens; what ends is noted in its order. */
function heldFiles() {
  const { sandbox, workspace } = inMemoryFiles()
  const [closing, mayClose, reading, mayRead] = [gate(), gate(), gate(), gate()]
  const ended: string[] = []
  const files = {
    sandbox: {
      ...sandbox,
      open: async (request: Parameters<typeof sandbox.open>[0]) => {
        const opened = await sandbox.open(request)
        const readFile = opened.files.read.bind(opened.files)
        return {
          ...opened,
          files: {
            ...opened.files,
            read: async (...call: Parameters<typeof readFile>) => {
              if (call[0] !== slow) return readFile(...call)
              reading.open()
              await mayRead.opened
              ended.push('read')
              return undefined
            },
          },
          close: async () => {
            closing.open()
            await mayClose.opened
            await opened.close()
            ended.push('closed')
          },
        }
      },
    },
    workspace: {
      ...workspace,
      abort: async (operation: Parameters<typeof workspace.abort>[0]) => {
        await workspace.abort(operation)
        ended.push('aborted')
      },
    },
  }
  return { files, ended, closing, mayClose, reading, mayRead }
}

/** A step that writes and is cut off by its sister as soon as `when` is over. */
async function cutWriter(ctx: WorkflowContext, when: Promise<unknown>): Promise<void> {
  const wrote = gate()
  const both = ctx.fanOut('items', [0, 1], (item, number) =>
    number === 0
      ? item.step('bad', async () => {
          await Promise.all([wrote.opened, when])
          throw new Error('bad')
        })
      : item.step(
          'cut',
          async ({ sandbox, signal }) => {
            await add(sandbox, 'PARTIAL')
            wrote.open()
            await new Promise((_resolve, reject) =>
              signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
            )
          },
          { workspace: 'write' },
        ),
  )
  await both.catch(() => undefined)
}

function harnessOf(
  held: ReturnType<typeof heldFiles>,
  run: (ctx: WorkflowContext) => Promise<unknown>,
  platform = nodePlatform(),
) {
  const flow = defineWorkflow({ name: 'flow', input: z.null(), output: z.unknown(), run })
  const store = inMemoryStore()
  return defineHarness({ name: 'h', models: {}, workflows: { flow }, store, platform, ...held.files })
}

test('files are put back only when the calls of others are over', async () => {
  const held = heldFiles()
  held.mayClose.open()
  await using harness = harnessOf(held, async (ctx) => {
    const reader = ctx.step('reader', ({ sandbox }) => sandbox.files.read(slow).then(() => 'read'), {
      workspace: 'read',
    })
    await cutWriter(ctx, held.reading.opened)
    await turns()
    held.mayRead.open()
    return reader
  })
  const session = await harness.getSession('s')
  expect(await session.workflows.flow.run(null, { durable: { runId: 'r' } })).toBe('read')
  expect(held.ended.slice(0, 2)).toEqual(['read', 'closed'])
})

test('a call that comes while files are put back waits, and finds them as they are recorded', async () => {
  const held = heldFiles()
  await using harness = harnessOf(held, async (ctx) => {
    await ctx.step('first', ({ sandbox }) => add(sandbox, 'A'), { workspace: 'write' })
    await cutWriter(ctx, Promise.resolve())
    await held.closing.opened
    return ctx.step(
      'reader',
      async ({ sandbox }) => {
        const reading = read(sandbox)
        await turns()
        held.mayClose.open()
        return reading
      },
      { workspace: 'read' },
    )
  })
  const session = await harness.getSession('s')
  expect(await session.workflows.flow.run(null, { durable: { runId: 'r' } })).toBe('A')
})

test('a run that is cancelled while files are put back aborts its workspace when they are', async () => {
  const held = heldFiles()
  await using harness = harnessOf(held, async (ctx) => {
    await cutWriter(ctx, Promise.resolve())
    await ctx.wait('never')
  })
  const session = await harness.getSession('s')
  const handle = await session.workflows.flow.start(null, { durable: { runId: 'r' } })
  const result = handle.result.catch((error: unknown) => (error as { readonly code?: string }).code)
  await held.closing.opened
  await harness.runs.cancel('r')
  await turns()
  held.mayClose.open()
  expect(await result).toBe('run/cancelled')
  expect(held.ended).toEqual(['closed', 'aborted'])
})

test('a call that its adapter never settles holds nothing up once its step was left behind', async () => {
  const held = heldFiles()
  held.mayClose.open()
  const clock = manualPlatform()
  await using harness = harnessOf(
    held,
    async (ctx) => {
      await ctx.step('first', ({ sandbox }) => add(sandbox, 'A'), { workspace: 'write' })
      const stuck = ctx.step('stuck', ({ sandbox }) => sandbox.files.read(slow).then(() => 'read'), {
        workspace: 'read',
        timeoutMs: 10,
      })
      await stuck.catch(() => undefined)
      await cutWriter(ctx, Promise.resolve())
      return ctx.step('last', ({ sandbox }) => read(sandbox), { workspace: 'read' })
    },
    clock,
  )
  const session = await harness.getSession('s')
  const running = session.workflows.flow.run(null, { durable: { runId: 'r' } })
  expect(await clock.until(running)).toBe('A')
})

test('a shutdown while files are put back waits for them', async () => {
  const held = heldFiles()
  const harness = harnessOf(held, async (ctx) => {
    await cutWriter(ctx, Promise.resolve())
    await ctx.wait('never')
  })
  const session = await harness.getSession('s')
  const handle = await session.workflows.flow.start(null, { durable: { runId: 'r' } })
  handle.result.catch(() => undefined)
  await held.closing.opened
  const shut = harness.shutdown().then(() => held.ended.push('shut'))
  await turns()
  held.mayClose.open()
  await shut
  expect(held.ended).toEqual(['closed', 'shut'])
})
