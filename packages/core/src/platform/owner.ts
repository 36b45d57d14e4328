import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { OwnerLiveness } from '../ports/index.ts'

/**
 * What identifies a process on one host. A pid alone is reused; together with the boot, the pid namespace and
 * the start time of the process it is not.
 */
interface OwnerIdentity {
  readonly host: string
  readonly boot: string
  readonly namespace: string
  readonly pid: number
  readonly started: string
}

/** This process, with what tells one platform object from another in it. */
export function ownerOfThisProcess(instance: string): string {
  const identity: OwnerIdentity = {
    host: field(hostname()),
    boot: field(readText('/proc/sys/kernel/random/boot_id')),
    namespace: field(readLink('/proc/self/ns/pid')),
    pid: process.pid,
    started: field(startTime(process.pid) ?? ''),
  }
  const { host, boot, namespace, pid, started } = identity
  return [host, boot, namespace, String(pid), started, field(instance)].join('|')
}

/** Six of these stay under the 400 characters that the port allows. */
function field(text: string): string {
  return text.replaceAll('|', '_').slice(0, 64)
}

/**
 * `dead` only when it is certain: same host, same boot, same pid namespace, and no process with that pid and
 * start time. Where `/proc` is missing (not Linux) start times are unknown, and a pid in use counts as alive.
 */
export function ownerLiveness(owner: string): OwnerLiveness {
  const [host, boot, namespace, pidText, started] = owner.split('|')
  const pid = Number(pidText)
  if (host !== field(hostname()) || !Number.isSafeInteger(pid) || pid <= 0) return 'unknown'
  const currentBoot = readText('/proc/sys/kernel/random/boot_id')
  // Another boot may be this host before it was started again, or another host of the same name.
  if (boot !== currentBoot) return 'unknown'
  if (namespace !== readLink('/proc/self/ns/pid')) return 'unknown'
  if (!pidExists(pid)) return 'dead'
  const currentStart = startTime(pid)
  return started !== '' && currentStart !== undefined && currentStart !== started ? 'dead' : 'alive'
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  // A killed process whose parent has not collected it yet still has its pid, but does nothing any more.
  return processState(pid) !== 'Z'
}

/** Field 22 of /proc/<pid>/stat, in clock ticks since boot; the name in field 2 may hold spaces and brackets. */
function startTime(pid: number): string | undefined {
  return statFields(pid)?.[19]
}

function processState(pid: number): string | undefined {
  return statFields(pid)?.[0]
}

function statFields(pid: number): string[] | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
