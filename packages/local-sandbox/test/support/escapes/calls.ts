import { refusedCalls } from '../../../src/exec/refused-calls.ts'
import { perl } from './probe.ts'
import type { EscapeProbe } from './probe.ts'

/** Harmless for a host whoever calls them with these arguments. */
const harmless = new Set([
  'ptrace',
  'process_vm_readv',
  'kcmp',
  'bpf',
  'userfaultfd',
  'setns',
  'unshare',
  'keyctl',
])

const column = process.arch === 'arm64' ? 2 : 1

/** Each call that is refused, with arguments that the kernel itself answers otherwise than with EPERM where it lets the call in. */
export const callProbes: readonly EscapeProbe[] = refusedCalls.flatMap((row) => {
  const number = row[column]
  if (typeof number !== 'number') return []
  const code = `$! = 0; syscall(${number}, 0, 0, 0, 0, 0, 0) != -1 || ($! != 1 && $! != 38)`
  return [perl(`the call ${row[0]}`, code, harmless.has(row[0]) ? true : undefined)]
})
