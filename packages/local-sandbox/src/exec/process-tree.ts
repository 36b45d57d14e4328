import { readdirSync, readFileSync } from 'node:fs'
import type { ChildProcess } from 'node:child_process'

/** Facts about a process that tell it from a later one of the same number. */
export interface ProcessFacts {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** In ticks since the boot. */
  readonly start: number
  readonly dead: boolean
}

/** `undefined` when there is no such process. */
export function processFacts(pid: number): ProcessFacts | undefined {
  const stat = textOf(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The name of the program, the second field, may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [parent, group, session, start] = [1, 2, 3, 19].map((index) => Number(fields[index]))
  return {
    pid,
    parent: parent ?? 0,
    group: group ?? 0,
    session: session ?? 0,
    start: start ?? 0,
    dead: fields[0] === 'Z' || fields[0] === 'X',
  }
}

/** Every process that this one sees. */
export function allProcesses(): readonly ProcessFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processFacts(Number(name)) ?? [])
}

/** Children of a process. The kernel's own list where it keeps one, which names them without a look at all others. */
export function childrenOf(pid: number): readonly number[] {
  const list = textOf(`/proc/${pid}/task/${pid}/children`)
  if (list !== undefined) return list.split(' ').filter(Boolean).map(Number)
  return allProcesses()
    .filter(({ parent }) => parent === pid)
    .map((facts) => facts.pid)
}

/** Variables that a process was started with, as the kernel keeps them. */
export const environmentOfProcess = (pid: number): string => textOf(`/proc/${pid}/environ`) ?? ''

/** Sends a signal; a process that is gone is no failure. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone, or not ours any more.
  }
}

/** Whether a child was started and its end was not seen yet: only then is its number certainly its own. */
export const isUnderWay = (child: ChildProcess): child is ChildProcess & { readonly pid: number } =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
