import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Names this process in the name of a folder, so that another process can tell whether what it left is still in use:
 * machine, boot, pid namespace, pid and start time. 1 to 100 characters of `a-z0-9-`.
 */
export function ownerOfThisProcess(): string {
  return [machine(), boot(), namespace(), String(process.pid), startOf(process.pid) ?? '0'].join('-')
}

/**
 * Whether the process that `owner` names is certainly gone: it is of this machine, and either of an earlier boot or of
 * this pid namespace without being there. A process of another machine or container is never called gone.
 */
export function isOwnerGone(owner: string): boolean {
  const match = /^([0-9a-f]{8}|unknown)-([0-9a-f]{8}|unknown)-(\d+)-(\d+)-(\d+)$/.exec(owner)
  if (match === null) return false
  const [, ofMachine, ofBoot, ofNamespace, pid, start] = match
  if (ofMachine === 'unknown' || ofBoot === 'unknown' || ofMachine !== machine()) return false
  if (ofBoot !== boot()) return true
  if (ofNamespace === '0' || ofNamespace !== namespace()) return false
  return startOf(Number(pid)) !== start
}

/** Whether the process that `owner` names is certainly there: it is seen from here, with the same beginning. */
export function isOwnerHere(owner: string): boolean {
  const [ofMachine, ofBoot, ofNamespace, pid, start] = owner.split('-')
  const isSeen = ofMachine === machine() && ofBoot === boot() && ofNamespace === namespace()
  return isSeen && ofNamespace !== '0' && startOf(Number(pid)) === start
}

const machine = (): string => shortHash('/etc/machine-id') ?? shortHash('/etc/hostname') ?? 'unknown'

const boot = (): string => shortHash('/proc/sys/kernel/random/boot_id') ?? 'unknown'

function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}

/** In ticks since the boot. The name of the program, the second field, may hold spaces and brackets. */
function startOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`)
  return stat
    ?.slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .at(19)
}

function shortHash(file: string): string | undefined {
  const text = textOf(file)
  return text === undefined || text === ''
    ? undefined
    : createHash('sha256').update(text).digest('hex').slice(0, 8)
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
