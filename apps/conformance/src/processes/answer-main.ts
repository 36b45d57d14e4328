/**
 * A process that answers the only open approval of a store: `node answer-main.js <file> <decision>`. It prints `ready`
 * when it has read the approval, decides when it is told to by a line, and prints `recorded` or why it does not count.
 */
import { once } from 'node:events'
import { defineHarness, HarnessError } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'

const [file = '', decision] = process.argv.slice(2)
const desk = defineHarness({ name: 'desk', models: {}, store: sqliteStore({ file }) })
const [approval] = await desk.approvals.list()
if (approval === undefined) throw new Error('There is no open approval.')
console.log('ready')
await once(process.stdin, 'data')
process.stdin.pause()
try {
  await desk.approvals.resolve(approval, { decision: decision === 'allow' ? 'allow' : 'deny' })
  console.log('recorded')
} catch (error) {
  if (!HarnessError.is(error, 'approval/refused')) throw error
  console.log(error.meta['reason'])
}
await desk.shutdown()
