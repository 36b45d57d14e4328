/** A host that was given an open descriptor and passes it on unknowingly: runs a script under a policy and prints what it wrote. */

import type { CommandPolicy } from '../../src/exec/commands.ts'
import { openExecPlace, textOf } from './exec-place.ts'

const [, , policy = '{}', script = ''] = process.argv
const { commands, remove } = openExecPlace(JSON.parse(policy) as CommandPolicy)
try {
  const { stdout } = await commands.exec('sh', { args: ['-c', script] })
  process.stdout.write(textOf(stdout))
} finally {
  await remove()
}
