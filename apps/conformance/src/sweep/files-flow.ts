import { defineWorkflow } from '@belay/core'
import type { StepSandbox, Workflow } from '@belay/core'
import type { Json } from '@belay/core/ports'
import { z } from 'zod'

const log = '/workspace/log.txt'

async function textOf(sandbox: StepSandbox, path: string): Promise<string> {
  const content = await sandbox.files.read(path)
  return content === undefined ? '' : new TextDecoder().decode(content.bytes)
}

/** Adds to what is there, so that a step whose files were kept without its result shows in the text. */
async function add(sandbox: StepSandbox, letter: string): Promise<string> {
  const text = `${await textOf(sandbox, log)}${letter}`
  await sandbox.files.write(log, new TextEncoder().encode(text))
  return text
}

/** What the flow gives, however often it is interrupted. */
export const filesFlowOutput: Json = [
  'a',
  'a',
  ['ab', 'fixed'],
  'ab',
  'failed',
  'abx',
  'abx',
  'abxd',
  'abxdr',
]

/**
 * A workflow over files: writers, readers, both at once, one that changes nothing, one that fails after it wrote,
 * one that removes, and one that writes, fails and is tried again. `at` is told when a body begins and when it has done its work.
 */
export function filesFlow(at: (place: string) => Promise<void> | void): Workflow<Json, Json> {
  return defineWorkflow({
    name: 'files',
    input: z.json(),
    output: z.json(),
    run: async (ctx) => {
      const step = (
        name: string,
        access: 'read' | 'write',
        body: (sandbox: StepSandbox, attempt: number) => Promise<string>,
      ) =>
        ctx.step(
          name,
          async ({ sandbox, key, attempt }) => {
            await at(`${key} begins`)
            const value = await body(sandbox, attempt)
            await at(`${key} is done`)
            return value
          },
          { workspace: access, ...(name === 'retried' && { retry: { maxAttempts: 5, minDelayMs: 1 } }) },
        )
      const first = await step('first', 'write', async (sandbox) => {
        await sandbox.files.write('/workspace/deep/fixed.txt', new TextEncoder().encode('fixed'))
        return add(sandbox, 'a')
      })
      const seen = await step('seen', 'read', (sandbox) => textOf(sandbox, log))
      const both = await Promise.all([
        step('writer', 'write', (sandbox) => add(sandbox, 'b')),
        step('reader', 'read', (sandbox) => textOf(sandbox, '/workspace/deep/fixed.txt')),
      ])
      const same = await step('same', 'write', async (sandbox) => {
        const text = await textOf(sandbox, log)
        await sandbox.files.write(log, new TextEncoder().encode(text))
        return text
      })
      const bad = await step('bad', 'write', async (sandbox) => {
        await add(sandbox, 'x')
        throw new Error('on purpose')
      }).catch(() => 'failed')
      const after = await step('after', 'read', (sandbox) => textOf(sandbox, log))
      const removed = await step('removed', 'write', async (sandbox) => {
        await sandbox.files.remove('/workspace/deep')
        return textOf(sandbox, log)
      })
      const last = await step('last', 'write', (sandbox) => add(sandbox, 'd'))
      const retried = await step('retried', 'write', async (sandbox, attempt) => {
        const text = await add(sandbox, 'r')
        if (attempt < 2) throw new Error('on purpose, once')
        return text
      })
      return [first, seen, both, same, bad, after, removed, last, retried]
    },
  }) as Workflow<Json, Json>
}
