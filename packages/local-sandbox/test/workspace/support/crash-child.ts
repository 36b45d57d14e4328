import { arm, disarm } from './step-counter.ts'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { changeToSecond, fillFirst } from './crash-trees.ts'

/** `<root> <call> <step at which it dies>`: writes down each ref that was acknowledged, then prints the number of steps. */
const [root = '', call = '', step = ''] = process.argv.slice(2)
const { localSnapshots } = await import('../../../src/workspace/local-snapshots.ts')
const local = localSnapshots({ root })
const { workspace } = local
const named = { runId: 'run', sessionId: 'session' }
const say = (name: string, ref: string): void => {
  appendFileSync(join(root, 'acknowledged'), `${name} ${ref}\n`)
}

const { handle } = await workspace.open({ ...named, operation: 'open' })
const tree = local.treeOf(handle) ?? ''
let steps = 0
const take = async (name: string): Promise<string> => {
  const { ref } = await workspace.snapshot({ ...named, operation: name, handle })
  // Writing the acknowledgement down is no step of the snapshot.
  steps += disarm()
  say(name, ref)
  return ref
}
fillFirst(tree)
const first = await take('first')
if (call === 'restore') {
  arm(Number(step))
  await workspace.restore({ ...named, operation: 'restore', ref: first })
} else if (call === 'snapshot') {
  changeToSecond(tree)
  arm(Number(step))
  await take('second')
} else {
  changeToSecond(tree)
  const second = await take('second')
  await workspace.release(handle)
  arm(Number(step))
  await workspace.sweep([second], 0)
}
process.stdout.write(`${steps + disarm()}\n`)
process.exit(0)
