import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isCodedError } from '@belay/core/ports'
import { localSnapshots } from '../../../src/workspace/local-snapshots.ts'
import { describeTree } from './tree-text.ts'

/**
 * `<root> <count>`: takes snapshots that share contents, and restores them. Somebody sweeps without any grace meanwhile,
 * so a snapshot may be missing; one that is there must be whole. Says `whole` or `missing` for each.
 */
const [root = '', count = ''] = process.argv.slice(2)
const local = localSnapshots({ root })
const { workspace } = local
const named = { runId: `run-${process.pid}`, sessionId: 'session' }
for (let round = 0; round < Number(count); round++) {
  const operation = (name: string) => ({ ...named, operation: `${process.pid}-${round}-${name}` })
  const { handle } = await workspace.open(operation('open'))
  const tree = local.treeOf(handle) ?? ''
  for (let file = 0; file < 8; file++)
    writeFileSync(join(tree, `file-${file}`), `content ${(round + file) % 10}`)
  await workspace.snapshot({ ...operation('one'), handle })
  writeFileSync(join(tree, 'file-0'), `own ${round % 3}`)
  const { ref } = await workspace.snapshot({ ...operation('two'), handle })
  const before = describeTree(tree).join('\n')
  await workspace.release(handle)
  try {
    const restored = await workspace.restore({ ...operation('restore'), ref })
    const after = describeTree(local.treeOf(restored.handle) ?? '').join('\n')
    process.stdout.write(after === before ? 'whole\n' : 'wrong\n')
    await workspace.release(restored.handle)
  } catch (error) {
    process.stdout.write(isCodedError(error, 'workspace/missing') ? 'missing\n' : `${String(error)}\n`)
  }
}
await workspace.close()
