import { defineHarness, defineWorkflow, type StepSandbox } from '@belay/core'
import { isCodedError } from '@belay/core/ports'
import { localWorkspace } from '@belay/local-sandbox'
import { sqliteStore } from '@belay/local-sqlite'
import { z } from 'zod'
import { eventually } from './eventually.ts'
import { shortLeasePlatform, withShortLeases } from './short-lease.ts'

/**
 * A process that executes a run with files under a short lease, and holds its middle step until it is told `go` or
 * loses the run. Then it writes once more, as a body does that does not look at its signal. Says what it does.
 * Arguments: store file, root of the files, its name, time of a lease.
 */
const [file = '', root = '', name = '', leaseMs = ''] = process.argv.slice(2)
const ttlMs = Number(leaseMs)
const say = (said: object): void => void process.send?.(said)
const told = new Promise<void>((resolve) => process.once('message', () => resolve()))

const log = '/workspace/log.txt'
async function add(sandbox: StepSandbox, word: string): Promise<string> {
  const before = await sandbox.files.read(log)
  const text = `${new TextDecoder().decode(before?.bytes)}${word};`
  await sandbox.files.write(log, new TextEncoder().encode(text))
  return text
}

const codeOf = (error: unknown): string => (isCodedError(error) ? error.code : String(error))

async function hold(sandbox: StepSandbox, signal: AbortSignal): Promise<string> {
  await add(sandbox, `${name} begins`)
  const lost = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  say({ at: 'held' })
  await Promise.race([told, lost])
  const wrote = add(sandbox, `${name} ends`)
  if (signal.aborted) say({ late: await wrote.catch(codeOf) })
  return wrote
}

const held = defineWorkflow({
  name: 'held',
  input: z.null(),
  output: z.string(),
  run: async (ctx) => {
    await ctx.step('first', ({ sandbox }) => add(sandbox, 'first'), { workspace: 'write' })
    await ctx.step('hold', ({ sandbox, signal }) => hold(sandbox, signal), { workspace: 'write' })
    return ctx.step('last', ({ sandbox }) => add(sandbox, 'last'), { workspace: 'write' })
  },
})

const harness = defineHarness({
  name: 'held',
  models: {},
  workflows: { held },
  store: withShortLeases(sqliteStore({ file }), ttlMs),
  platform: shortLeasePlatform(ttlMs),
  ...localWorkspace({ root }),
})
const session = await harness.getSession('s')
/** As soon as nobody else holds the run. */
const handle = await eventually('the lease of the holder expires', async () => {
  try {
    return await session.workflows.held.start(null, { durable: { runId: 'r' } })
  } catch (error) {
    if (codeOf(error) === 'run/leased') return undefined
    throw error
  }
})
say(
  await handle.result.then(
    (output) => ({ output }),
    (error: unknown) => ({ code: codeOf(error) }),
  ),
)
// A late write that is still on its way is made, or refused, before this returns.
await harness.shutdown()
process.disconnect()
