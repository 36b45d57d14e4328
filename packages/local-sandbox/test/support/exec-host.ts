/** A host that is killed: starts commands by the code of the adapter, without its probe, says `started`, and stays. */

import { environmentOf } from '../../src/exec/command-call.ts'
import { isolatedStarter } from '../../src/exec/isolated-starter.ts'
import { resolvePolicy } from '../../src/exec/policy.ts'
import type { Place } from '../../src/tree.ts'

const [, , program = '', folders = '', ...scripts] = process.argv
const place = JSON.parse(folders) as Place
const policy = resolvePolicy({})
const starter = isolatedStarter({ place, policy, program, kitFolder: `${place.scratch}/exec` })
const env = environmentOf({}, policy, starter.surroundings)
for (const script of scripts) {
  void starter.start({ command: 'sh', args: ['-c', script], cwd: '/workspace', env })
}
console.log('started')
setInterval(() => undefined, 60_000)
