import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  defineHarness,
  defineWorkflow,
  inMemoryFiles,
  inMemoryStore,
  type StepSandbox,
} from '../src/index.ts'
import type { WorkflowContext } from '../src/index.ts'
import { gate } from './fixtures/collect.ts'

const path = '/workspace/log.txt'

async function read(sandbox: StepSandbox): Promise<string> {
  return new TextDecoder().decode((await sandbox.files.read(path))?.bytes)
}

async function add(sandbox: StepSandbox, text: string): Promise<string> {
  const all = `${await read(sandbox)}${text}`
  await sandbox.files.write(path, new TextEncoder().encode(all))
  return all
}

/** Runs a workflow over files in memory. */
async function outputOf(run: (ctx: WorkflowContext) => Promise<unknown>, isDurable = true): Promise<unknown> {
  const flow = defineWorkflow({ name: 'flow', input: z.null(), output: z.unknown(), run })
  await using harness = defineHarness({
    name: 'h',
    models: {},
    workflows: { flow },
    store: inMemoryStore(),
    ...inMemoryFiles(),
  })
  const session = await harness.getSession('s')
  return await session.workflows.flow.run(null, isDurable ? { durable: { runId: 'r' } } : {})
}

const retry = { maxAttempts: 3, minDelayMs: 1 }

describe('a step that is tried again', () => {
  test.each([
    ['read', true],
    ['read', false],
    ['write', true],
    ['write', false],
  ] as const)('has a sandbox each time (%s, durable: %s)', async (workspace, isDurable) => {
    const output = await outputOf(
      (ctx) =>
        ctx.step(
          'flaky',
          async ({ sandbox, attempt }) => {
            await sandbox.files.list('/workspace')
            if (attempt < 3) throw new Error('not yet')
            return attempt
          },
          { workspace, retry },
        ),
      isDurable,
    )
    expect(output).toBe(3)
  })

  test.each([0, 60_000])(
    'begins with the files before it, as after a crash (timeoutMs: %i) [WSP-21]',
    async (timeoutMs) => {
      const output = await outputOf(async (ctx) => {
        await ctx.step('first', ({ sandbox }) => add(sandbox, 'A'), { workspace: 'write' })
        return ctx.step(
          'flaky',
          async ({ sandbox, attempt }) => {
            const text = await add(sandbox, `${attempt}`)
            if (attempt < 3) throw new Error('not yet')
            return text
          },
          { workspace: 'write', retry, ...(timeoutMs > 0 && { timeoutMs }) },
        )
      })
      expect(output).toBe('A3')
    },
  )

  test('begins with no files where there were none', async () => {
    const output = await outputOf((ctx) =>
      ctx.step(
        'flaky',
        async ({ sandbox, attempt }) => {
          const text = await add(sandbox, `${attempt}`)
          if (attempt < 2) throw new Error('not yet')
          return text
        },
        { workspace: 'write', retry },
      ),
    )
    expect(output).toBe('2')
  })

  test('waits for the calls of others before its files are those of before', async () => {
    const failed = gate()
    const output = await outputOf(async (ctx) => {
      await ctx.step('first', ({ sandbox }) => add(sandbox, 'A'), { workspace: 'write' })
      return Promise.all([
        ctx.step(
          'writer',
          async ({ sandbox, attempt }) => {
            const text = await add(sandbox, `${attempt}`)
            if (attempt > 1) return text
            failed.open()
            throw new Error('not yet')
          },
          { workspace: 'write', retry },
        ),
        ctx.step(
          'reader',
          async ({ sandbox }) => {
            await failed.opened
            // Many calls, before, while and after the files are put back: none of them fails.
            for (let call = 0; call < 50; call++) {
              await read(sandbox)
              await new Promise((resolve) => setTimeout(resolve, call % 5 === 0 ? 1 : 0))
            }
            return read(sandbox)
          },
          { workspace: 'read' },
        ),
      ])
    })
    expect(output).toEqual(['A2', 'A2'])
  })
})

test('what a step wrote that was aborted before its end is gone, as after a crash [WSP-21]', async () => {
  const wrote = gate()
  const output = await outputOf(async (ctx) => {
    await ctx.step('first', ({ sandbox }) => add(sandbox, 'A'), { workspace: 'write' })
    const cut = ctx.fanOut('items', [0, 1], (item, number) =>
      number === 0
        ? item.step('bad', async () => {
            await wrote.opened
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
    await cut.catch(() => undefined)
    const seen = await ctx.step('read', ({ sandbox }) => read(sandbox), { workspace: 'read' })
    return [seen, await ctx.step('last', ({ sandbox }) => add(sandbox, 'B'), { workspace: 'write' })]
  })
  expect(output).toEqual(['A', 'AB'])
})
