import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accessSync, constants, statSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { candidatesOf, cwdError, notFoundError } from './command-call.ts'
import type { CommandCall } from './command-call.ts'
import { exitOf, startError } from './isolated-tree.ts'
import {
  allProcesses,
  environmentOfProcess,
  isUnderWay,
  processFacts,
  signalProcess,
} from './process-tree.ts'
import type { CommandTree, TreeEnd } from './tree.ts'

/** Tells processes of one command from all others, also after they have left its group, session and parent. */
const marker = 'BELAY_COMMAND'

/**
 * Starts a command as a plain child of this process, for `isolation: 'none'`. Descendants are found by parent, by session and by
 * a variable of their environment; one that gets rid of all three, or that outlives a SIGKILL of this process, is not found.
 */
export async function startOnHost(call: CommandCall, workspace: string): Promise<CommandTree> {
  const cwd = await directoryOf(call.cwd, workspace)
  const file = programOf(call, cwd)
  const mark = randomBytes(16).toString('hex')
  let child: ChildProcess
  try {
    child = spawn(file, call.args, {
      argv0: call.command,
      cwd,
      env: { ...call.env, [marker]: mark },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A session of its own, so that what it starts can be told from what this process starts.
      detached: true,
    })
  } catch (error) {
    throw startError(error)
  }
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw startError(undefined)
  stdin.on('error', () => undefined)
  const end = async (): Promise<TreeEnd> => {
    const failure = await exitOf(child)
    if (failure !== undefined) {
      const errno = 'code' in failure ? String(failure.code) : ''
      const missing = ['ENOENT', 'EACCES', 'ENOEXEC'].includes(errno)
      return { kind: 'refused', error: missing ? notFoundError(errno) : startError(failure) }
    }
    await endDescendants(marks)
    return child.signalCode === null
      ? { kind: 'exit', exitCode: child.exitCode ?? 0 }
      : { kind: 'signal', signal: child.signalCode, outOfMemory: false }
  }
  const leader = child.pid ?? 0
  const marks = { leader, mark, since: processFacts(leader)?.start ?? 0 }
  const ended = end()
  const started = child.pid === undefined ? ended : Promise.resolve(undefined)
  return {
    stdin,
    stdout,
    stderr,
    started,
    ended,
    kill: () => {
      if (isUnderWay(child))
        for (const pid of [child.pid, ...descendants(marks)]) signalProcess(pid, 'SIGKILL')
    },
  }
}

/** By what the processes of a command are told from others. */
interface Marks {
  readonly leader: number
  readonly mark: string
  /** When the first one began: none of its processes is older. */
  readonly since: number
}

/** Ends what is left of a command, until a look finds nothing. A process that starts others is faster than one look. */
async function endDescendants(marks: Marks): Promise<void> {
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
    const left = descendants(marks)
    if (left.length === 0) return
    for (const pid of left) signalProcess(pid, 'SIGKILL')
    await delay(waitMs)
  }
}

function descendants({ leader, mark, since }: Marks): readonly number[] {
  if (process.platform !== 'linux') {
    signalProcess(-leader, 'SIGKILL')
    return []
  }
  const all = allProcesses().filter(({ dead, pid, start }) => !dead && pid !== process.pid && start >= since)
  const found = new Set<number>([leader])
  for (const facts of all) {
    if (facts.session === leader || facts.group === leader) found.add(facts.pid)
    else if (environmentOfProcess(facts.pid).includes(`${marker}=${mark}`)) found.add(facts.pid)
  }
  for (let size = 0; size !== found.size;) {
    size = found.size
    for (const facts of all) if (found.has(facts.parent)) found.add(facts.pid)
  }
  return all.filter(({ pid }) => found.has(pid)).map(({ pid }) => pid)
}

/** Where `/workspace/...` is on the host. A link on the way is not followed, as in every other call. */
async function directoryOf(cwd: string, workspace: string): Promise<string> {
  if (cwd !== '/workspace' && !cwd.startsWith('/workspace/')) throw cwdError()
  const path = resolve(workspace, `.${cwd.slice('/workspace'.length)}`)
  const base = await realpath(workspace)
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined || real !== resolve(base, `.${sep}${path.slice(workspace.length)}`)) throw cwdError()
  if (!statSync(real).isDirectory()) throw cwdError()
  return real
}

function programOf(call: CommandCall, cwd: string): string {
  let errno = 'ENOENT'
  for (const candidate of candidatesOf(call.command, call.env)) {
    const path = resolve(cwd, candidate)
    try {
      if (!statSync(path).isFile()) continue
      accessSync(path, constants.X_OK)
      return path
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EACCES') errno = 'EACCES'
    }
  }
  throw notFoundError(errno)
}
