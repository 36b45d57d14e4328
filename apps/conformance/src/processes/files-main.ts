import { defineHarness } from '@belay/core'
import { localWorkspace } from '@belay/local-sandbox'
import { sqliteStore } from '@belay/local-sqlite'
import { filesFlow } from '../sweep/files-flow.ts'

// Says each place that it comes to and waits for leave to go on, so that it can be killed exactly there.
const [store = '', root = ''] = process.argv.slice(2)

const at = (place: string): Promise<void> =>
  new Promise((resolve) => {
    process.once('message', () => resolve())
    process.send?.({ at: place })
  })

const harness = defineHarness({
  name: 'files',
  models: {},
  workflows: { files: filesFlow(at) },
  store: sqliteStore({ file: store }),
  ...localWorkspace({ root }),
})
const session = await harness.getSession('s')
const output = await session.workflows.files.run(null, { durable: { runId: 'r' } })
await harness.shutdown()
process.send?.({ output })
process.disconnect()
