import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineHarness, defineWorkflow } from '@belay/core'
import { localWorkspace } from '@belay/local-sandbox'
import { sqliteStore } from '@belay/local-sqlite'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { tempFolder, viewRun } from '../src/index.ts'

const main = fileURLToPath(new URL('../src/processes/stopped-files-main.ts', import.meta.url))
const leaseMs = '500'

/** The process, and the first thing it said that has the field. */
function startHolder(args: readonly string[]) {
  const child: ChildProcess = fork(main, args)
  const said: Record<string, unknown>[] = []
  child.on('message', (message) => said.push(message as Record<string, unknown>))
  return {
    child,
    exit: once(child, 'exit'),
    async saying(field: string): Promise<unknown> {
      const find = () => said.find((each) => field in each)
      await expect.poll(find, { timeout: 60_000 }).toBeDefined()
      return find()?.[field]
    },
  }
}

/** The file as a run has it that goes on after the last step of the other one. */
async function filesAtEnd(store: string, root: string): Promise<string> {
  const recorded = () => Promise.reject(new Error('was recorded'))
  const held = defineWorkflow({
    name: 'held',
    input: z.null(),
    output: z.string(),
    run: async (ctx) => {
      for (const step of ['first', 'hold', 'last']) await ctx.step(step, recorded, { workspace: 'write' })
      return ctx.step(
        'look',
        async ({ sandbox }) =>
          new TextDecoder().decode((await sandbox.files.read('/workspace/log.txt'))?.bytes),
        { workspace: 'read' },
      )
    },
  })
  const harness = defineHarness({
    name: 'held',
    models: {},
    workflows: { held },
    store: sqliteStore({ file: store }),
    ...localWorkspace({ root }),
  })
  try {
    const steps: number[] = []
    for await (const event of harness.runs.events('r'))
      if (event.type === 'step.finished') steps.push(event.position)
    const cut = await harness.runs.fork('r', { at: steps.at(-1) ?? 0 })
    return (await cut.result) as string
  } finally {
    await harness.shutdown()
  }
}

test(
  'a holder that was stopped past its lease changes no file of the run that another process ends [WSP-21]',
  { timeout: 120_000 },
  async () => {
    const folder = tempFolder()
    const store = folder.file('store.db')
    const root = folder.file('files')
    mkdirSync(root)
    const one = startHolder([store, root, 'one', leaseMs])
    try {
      await one.saying('at')
      one.child.kill('SIGSTOP')
      const two = startHolder([store, root, 'two', leaseMs])
      await two.saying('at')
      two.child.send('go')
      const output = 'first;two begins;two ends;last;'
      expect(await two.saying('output')).toBe(output)
      expect(await two.exit).toEqual([0, null])
      const ended = await viewRun(store, { sessionId: 's', runId: 'r' })

      one.child.kill('SIGCONT')
      // It wrote to a copy of its own, or was refused: either way not to the files of the run.
      await one.saying('late')
      expect(await one.saying('code')).toBe('run/fenced')
      expect(await one.exit).toEqual([0, null])
      expect(await viewRun(store, { sessionId: 's', runId: 'r' })).toEqual(ended)
      expect(await filesAtEnd(store, root)).toBe(output)
    } finally {
      one.child.kill('SIGKILL')
      folder.remove()
    }
  },
)
