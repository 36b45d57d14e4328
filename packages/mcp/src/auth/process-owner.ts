import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * What tells one process from all others of a host: a pid alone is used again. Where there is no `/proc`, the start is
 * unknown, and a pid that is in use counts as alive.
 */
export interface ProcessOwner {
  readonly host: string
  readonly boot: string
  readonly namespace: string
  readonly pid: number
  readonly started: string
}

/** This process. */
export function thisProcess(): ProcessOwner {
  return {
    host: hostname(),
    boot: readText('/proc/sys/kernel/random/boot_id'),
    namespace: readLink('/proc/self/ns/pid'),
    pid: process.pid,
    started: statOf(process.pid)?.started ?? '',
  }
}

/** `unknown` when the owner cannot be looked at from here: another host, or another container. */
export function livenessOf(owner: ProcessOwner): 'alive' | 'dead' | 'unknown' {
  const here = thisProcess()
  if (owner.host !== here.host || owner.boot !== here.boot || owner.namespace !== here.namespace)
    return 'unknown'
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'dead'
  }
  const stat = statOf(owner.pid)
  if (stat === undefined || owner.started === '') return 'alive'
  return stat.started === owner.started && !['Z', 'X'].includes(stat.state) ? 'alive' : 'dead'
}

/** State and start time; the name before them may hold spaces and parentheses. */
function statOf(pid: number): { readonly state: string; readonly started: string } | undefined {
  const text = readText(`/proc/${pid}/stat`)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, started] = [fields[0], fields[19]]
  return state === undefined || started === undefined ? undefined : { state, started }
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
