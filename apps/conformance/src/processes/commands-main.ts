import { defineHarness, defineWorkflow, type StepSandbox } from '@belay/core'
import { isCodedError } from '@belay/core/ports'
import { localWorkspace } from '@belay/local-sandbox'
import { sqliteStore } from '@belay/local-sqlite'
import { z } from 'zod'

/**
 * A run whose second step runs a command that never ends by itself, unless it is told that it may: then it adds its
 * line and is done. Tells its parent what came of it.
 */
const [store = '', root = '', mark = '', effect = '', mayEnd = ''] = process.argv.slice(2)

const sh = async (sandbox: StepSandbox, script: string): Promise<string> => {
  const { stdout } = await sandbox.exec('sh', { args: ['-c', script], env: { MARK: mark } })
  return new TextDecoder().decode(stdout).trim()
}

const long = `echo started >> log; (setsid sleep 1000 </dev/null >/dev/null 2>&1 &); touch up-${mark}; sleep 1000`

const commands = defineWorkflow({
  name: 'commands',
  input: z.null(),
  output: z.array(z.string()),
  run: async (ctx) => {
    const first = await ctx.step('first', ({ sandbox }) => sh(sandbox, 'echo first > log; cat log'), {
      workspace: 'write',
    })
    const second = await ctx.step(
      'second',
      ({ sandbox }) => sh(sandbox, mayEnd === '' ? long : 'echo second >> log; cat log'),
      { workspace: 'write', effect: effect as 'once' },
    )
    return [first, second]
  },
})

const harness = defineHarness({
  name: 'commands',
  models: {},
  workflows: { commands },
  store: sqliteStore({ file: store }),
  ...localWorkspace({ root, exec: true }),
})
try {
  const session = await harness.getSession('s')
  process.send?.({ output: await session.workflows.commands.run(null, { durable: { runId: 'r' } }) })
} catch (error) {
  process.send?.({ code: isCodedError(error) ? error.code : String(error) })
}
await harness.shutdown()
process.disconnect()
