import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makePlace, openExecPlace } from './support/exec-place.ts'
import type { ExecPlace } from './support/exec-place.ts'
import { carriersOf, exists, shapeNames, shapeScript, until } from './support/tree-shapes.ts'

/** Trials of each shape and each way to end. 4 shapes and 5 ways: 40 trials, or 200. */
const rounds = process.env['BELAY_SIZE'] === 'full' ? 10 : 2
const random = Math.random().toString(36).slice(2, 10)
let marks = 0
const nextMark = (): string => `belay-mark-${random}-${(marks += 1)}-`
let trials = 0

/** Generous for a machine under load; what it stands for is a command that would never end by itself. */
const timeoutMs = 1500

const ways = {
  'a timeout': async ({ commands }: ExecPlace, script: string) => {
    const call = commands.exec('sh', { args: ['-c', script], timeoutMs })
    await expect(call).rejects.toMatchObject({ code: 'sandbox/timeout', meta: { timeoutMs } })
  },
  'an abort': async ({ commands }: ExecPlace, script: string, up: () => Promise<void>) => {
    const controller = new AbortController()
    const call = commands.exec('sh', { args: ['-c', script], signal: controller.signal })
    await up()
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
  },
  'the end of its first process': async (
    { commands }: ExecPlace,
    script: string,
    up: () => Promise<void>,
  ) => {
    const started = await commands.spawn('sh', { args: ['-c', script] })
    await up()
    await started.kill()
    expect(await started.ended).toEqual({ signal: 'SIGKILL' })
  },
} as const

describe.each(shapeNames)('%s', (shape) => {
  let opened: ExecPlace
  beforeAll(() => {
    opened = openExecPlace()
  })
  afterAll(async () => {
    await opened.remove()
  })

  test.each(Object.entries(ways))('does not outlive %s [SBX-43]', async (_, end) => {
    await Promise.all(
      Array.from({ length: rounds }, async () => {
        const mark = nextMark()
        const up = (): Promise<void> =>
          until('the tree is up', () => exists(join(opened.place.workspace, `up-${mark}`)))
        await end(opened, shapeScript(shape, mark), up)
        expect(carriersOf(mark)).toEqual([])
        trials += 1
      }),
    )
  })

  test('does not outlive the close of its sandbox [SBX-43]', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const own = openExecPlace()
      const mark = nextMark()
      const call = own.commands.exec('sh', { args: ['-c', shapeScript(shape, mark)] })
      const closed = expect(call).rejects.toMatchObject({ code: 'sandbox/closed' })
      await until('the tree is up', () => exists(join(own.place.workspace, `up-${mark}`)))
      await own.remove()
      expect(carriersOf(mark)).toEqual([])
      await closed
      trials += 1
    }
  })
})

describe('all shapes at once', () => {
  test.each(['when they are up', 'while they are started'])(
    'do not outlive a SIGKILL of the host %s [SBX-44]',
    async (when) => {
      for (let round = 0; round < rounds; round += 1) {
        const { root, place } = makePlace()
        const own = shapeNames.map((shape) => ({ shape, mark: nextMark() }))
        const scripts = own.map(({ shape, mark }) => shapeScript(shape, mark))
        const host = spawn(
          process.execPath,
          [
            '--no-warnings',
            join(import.meta.dirname, 'support/exec-host.ts'),
            bubblewrap(),
            JSON.stringify(place),
            ...scripts,
          ],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        )
        await once(host.stdout, 'data')
        if (when === 'when they are up') {
          for (const { mark } of own)
            await until('the tree is up', () => exists(join(place.workspace, `up-${mark}`)))
        } else {
          // Any moment of the start: nothing waits for this one.
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
        }
        host.kill('SIGKILL')
        await once(host, 'exit')
        for (const { mark } of own) {
          await until(`nothing of ${mark} is left`, () => carriersOf(mark).length === 0, 10_000)
          trials += 1
        }
        rmSync(root, { recursive: true, force: true })
      }
    },
  )
})

test('a process that is left behind at a normal end is gone when the call settles [SBX-43]', async () => {
  const { commands, remove } = openExecPlace()
  const mark = nextMark()
  const left = `(setsid sh -c "sleep 1000; : ${mark}" <&- >&- 2>&- &); echo done`
  const { exitCode, stdout } = await commands.exec('sh', { args: ['-c', left] })
  expect([exitCode, Buffer.from(stdout).toString()]).toEqual([0, 'done\n'])
  expect(carriersOf(mark)).toEqual([])
  await remove()
})

afterAll(() => {
  console.log(`process trees: ${trials} trials, 0 survivors`)
})

const bubblewrap = (): string =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, 'bwrap'))
    .find(exists) ?? 'bwrap'
