import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as core from '@belay/core'
import { PortError } from '@belay/core/ports'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { tempFolder } from '../src/index.ts'

type Core = typeof core

const folder = tempFolder()
afterEach(() => folder.remove())

const built = dirname(dirname(fileURLToPath(import.meta.resolve('@belay/core'))))

/** A copy of the built package as a second installation would have it, with the same libraries below it. */
async function installCopy(name: string): Promise<Core> {
  const place = join(folder.path, name, 'node_modules', '@belay', 'core')
  mkdirSync(place, { recursive: true })
  cpSync(join(built, 'dist'), join(place, 'dist'), { recursive: true })
  cpSync(join(built, 'package.json'), join(place, 'package.json'))
  const { dependencies } = createRequire(import.meta.url)(join(built, 'package.json')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  for (const library of Object.keys(dependencies)) {
    const link = join(folder.path, name, 'node_modules', library)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(built, 'node_modules', library), link, 'junction')
  }
  return (await import(pathToFileURL(join(place, 'dist', 'index.js')).href)) as Core
}

test('errors of one installed copy of core are recognised by another [ERR-3]', async () => {
  const first = await installCopy('first')
  const second = await installCopy('second')
  expect(second.HarnessError).not.toBe(first.HarnessError)

  const error = await first
    .defineHarness({ name: 'first', models: {} })
    .runs.cancel('nobody')
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
  expect(error).toBeInstanceOf(first.HarnessError)
  expect(error).not.toBeInstanceOf(second.HarnessError)
  expect(second.HarnessError.is(error)).toBe(true)
  expect(second.HarnessError.is(error, 'run/not-found')).toBe(true)
  expect(second.HarnessError.is(error, 'run/ended')).toBe(false)
  expect(error).toMatchObject({ docs: 'docs/reference/errors/run-not-found.md', category: 'run' })
})

test('errors of an adapter that has another copy of the ports keep code, facts and retry in a run [ERR-3]', async () => {
  const copy = await installCopy('copy')
  const workflow = copy.defineWorkflow({
    name: 'fails',
    input: z.string(),
    output: z.string(),
    run: (ctx) =>
      ctx.step('call', (): string => {
        throw new PortError({
          code: 'model/server',
          message: 'down',
          retryable: true,
          meta: { status: 503 },
        })
      }),
  })
  const harness = copy.defineHarness({ name: 'copy', models: {}, workflows: { workflow } })
  const session = await harness.getSession('s')
  const error = await session.workflows.workflow.run('go').then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(copy.HarnessError.is(error, 'model/server')).toBe(true)
  expect(error).toMatchObject({ retryable: true, meta: { status: 503 } })
  await harness.shutdown()
})
