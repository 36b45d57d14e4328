import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { defineHarness, defineTool, defineWorkflow, HarnessError } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { eventually, reportCounts, tempFolder } from '../src/index.ts'

const rounds = 12
const answerMain = fileURLToPath(new URL('../dist/processes/answer-main.js', import.meta.url))

/** A process that has read the approval and decides when it is told to. */
async function answererOf(file: string, decision: string): Promise<{ decide(): Promise<string> }> {
  const child = spawn(process.execPath, [answerMain, file, decision], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('ready')
  return {
    decide: async () => {
      const ended = once(child, 'close')
      child.stdin.write('now\n')
      const line = await lines.next()
      await ended
      return line.done === true ? 'nothing' : line.value
    },
  }
}

test(`${rounds} times two processes answer one approval at once: one decision is recorded [APR-11, APR-18]`, async () => {
  const folder = tempFolder()
  const file = folder.file('store.db')
  const paid: string[] = []
  const pay = defineTool({
    name: 'pay',
    description: 'Pays once.',
    input: z.object({}),
    permission: 'ask',
    execute: (_input, { runId }) => {
      paid.push(runId)
      return null
    },
  })
  const flow = defineWorkflow({
    name: 'flow',
    input: z.null(),
    output: z.string(),
    tools: { pay },
    run: (ctx) =>
      ctx.tools.pay({}).then(
        () => 'paid',
        (error: unknown) => (HarnessError.is(error) ? error.code : 'another failure'),
      ),
  })
  const harness = defineHarness({
    name: 'payments',
    models: {},
    workflows: { flow },
    store: sqliteStore({ file }),
  })
  const counts = { rounds: 0, allowed: 0, denied: 0 }
  for (let round = 0; round < rounds; round++) {
    const runId = `run-${round}`
    // oxlint-disable no-await-in-loop
    const session = await harness.getSession(runId)
    const run = await session.workflows.flow.start(null, { durable: { runId } })
    await eventually('the call asks', async () => (await harness.approvals.list())[0])
    const both = await Promise.all(['allow', 'deny'].map((decision) => answererOf(file, decision)))
    const answers = await Promise.all(both.map((each) => each.decide()))
    // oxlint-enable no-await-in-loop
    expect(answers.toSorted()).toEqual(['already_resolved', 'recorded'])
    const allowed = answers[0] === 'recorded'
    expect(await run.result).toBe(allowed ? 'paid' : 'tool/denied')
    expect(paid.filter((id) => id === runId)).toHaveLength(allowed ? 1 : 0)
    counts.rounds++
    counts[allowed ? 'allowed' : 'denied']++
  }
  await harness.shutdown()
  folder.remove()
  reportCounts('two processes, one approval', counts)
}, 300_000)
