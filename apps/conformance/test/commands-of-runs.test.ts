import { fork } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineHarness, defineWorkflow, type StepSandbox } from '@belay/core'
import { localWorkspace } from '@belay/local-sandbox'
import { sqliteStore } from '@belay/local-sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { tempFolder } from '../src/index.ts'
import { processesWith } from './support/marked-processes.ts'

let marks = 0
const nextMark = (): string => `belay-mark-${process.pid}-${(marks += 1)}-`

/** A tree of processes that leaves its session and its parent, and that never ends by itself. */
const tree = (mark: string): string =>
  `(setsid sh -c 'sleep 1000; true' </dev/null >/dev/null 2>&1 &); touch up-${mark}; sleep 1000`

/** Until a command below the root has written that its tree is up. */
async function up(root: string, mark: string): Promise<void> {
  await expect.poll(() => globSync(`${root}/**/up-${mark}`).length, { timeout: 30_000 }).toBeGreaterThan(0)
  expect(processesWith(mark).length).toBeGreaterThanOrEqual(2)
}

describe('a command of a run ends', () => {
  const folder = tempFolder()
  const root = folder.file('files')
  let harness: ReturnType<typeof makeHarness>

  function makeHarness() {
    const work = defineWorkflow({
      name: 'work',
      input: z.object({ mark: z.string(), way: z.enum(['exec', 'spawn']), timeoutMs: z.number().optional() }),
      output: z.string(),
      run: (ctx, { mark, way, timeoutMs }) =>
        ctx.step(
          'command',
          async ({ sandbox }: { sandbox: StepSandbox }) => {
            const options = { args: ['-c', tree(mark)], env: { MARK: mark } }
            if (way === 'exec') await sandbox.exec('sh', options)
            else await sandbox.spawn('sh', options)
            await up(root, mark)
            return 'the step is over'
          },
          { workspace: 'write', ...(timeoutMs !== undefined && { timeoutMs }) },
        ),
    })
    return defineHarness({
      name: 'work',
      models: {},
      workflows: { work },
      store: sqliteStore({ file: folder.file('store.db') }),
      ...localWorkspace({ root, exec: true }),
    })
  }

  beforeAll(() => {
    mkdirSync(root)
    harness = makeHarness()
  })
  afterAll(async () => {
    await harness.shutdown()
    folder.remove()
  })

  async function start(
    input: { way?: 'exec' | 'spawn'; timeoutMs?: number } = {},
    options: { timeoutMs?: number; durable?: boolean } = {},
  ) {
    const { durable = true, ...others } = options
    const mark = nextMark()
    const session = await harness.getSession(mark)
    const handle = await session.workflows.work.start(
      { mark, way: 'exec', ...input },
      { ...others, ...(durable && { durable: { runId: mark } }) },
    )
    handle.result.catch(() => undefined)
    return { mark, session, handle }
  }

  test('when the run is cancelled [SBX-43]', async () => {
    const { mark, handle } = await start()
    await up(root, mark)
    await harness.runs.cancel(mark, { reason: 'enough' })
    await expect(handle.result).rejects.toMatchObject({ code: 'run/cancelled' })
    expect(processesWith(mark)).toEqual([])
  })

  test('when the time of the run is over [SBX-43]', async () => {
    const { mark, handle } = await start({}, { timeoutMs: 2_500 })
    await up(root, mark)
    await expect(handle.result).rejects.toMatchObject({ code: 'operation/timeout', meta: { scope: 'run' } })
    expect(processesWith(mark)).toEqual([])
  })

  test('when the time of the step is over [SBX-43]', async () => {
    const { mark, handle } = await start({ timeoutMs: 2_500 })
    await up(root, mark)
    await expect(handle.result).rejects.toMatchObject({ code: 'operation/timeout' })
    expect(processesWith(mark)).toEqual([])
  })

  test.each([true, false])(
    'when its step is over, if it was spawned (durable: %s) [SBX-43]',
    async (durable) => {
      const { mark, handle } = await start({ way: 'spawn' }, { durable })
      expect(await handle.result).toBe('the step is over')
      expect(processesWith(mark)).toEqual([])
    },
  )

  test('when the harness shuts down [SBX-43]', async () => {
    const { mark } = await start()
    const { mark: other } = await start({}, { durable: false })
    await up(root, mark)
    await up(root, other)
    await harness.shutdown()
    expect([...processesWith(mark), ...processesWith(other)]).toEqual([])
    harness = makeHarness()
  })
})

interface Said {
  readonly output?: unknown
  readonly code?: string
}

describe('a process that is killed while a command of its run is under way', () => {
  const main = fileURLToPath(new URL('../src/processes/commands-main.ts', import.meta.url))

  test.each([
    ['idempotent', { output: ['first', 'first\nsecond'] }],
    ['once', { code: 'step/unknown-outcome' }],
  ] as const)(
    'leaves no process of it, and the files of the step before; the step is %s [SBX-43, WSP-21]',
    async (effect, expected) => {
      const folder = tempFolder()
      try {
        const root = folder.file('files')
        mkdirSync(root)
        const mark = nextMark()
        const args = [folder.file('store.db'), root, mark, effect]
        const killed = fork(main, args)
        const exit = once(killed, 'exit')
        await up(root, mark)
        killed.kill('SIGKILL')
        await exit
        await expect.poll(() => processesWith(mark), { timeout: 30_000 }).toEqual([])
        const next = fork(main, [...args, 'may end'])
        const ended = once(next, 'exit')
        const [said] = (await once(next, 'message')) as [Said]
        expect(said).toEqual(expected)
        expect(await ended).toEqual([0, null])
      } finally {
        folder.remove()
      }
    },
  )
})
