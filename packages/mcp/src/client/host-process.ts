import { setTimeout as delay } from 'node:timers/promises'
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { Readable, Writable } from 'node:stream'
import { PortError, type SandboxProcess } from '@belay/core/ports'
import type { StdioServer } from './options.ts'
import { within } from './within.ts'

/** In the environment of every process of a tree, so that those that left the group are found. */
const markName = 'BELAY_TREE'

/** Long enough for what a pipe can hold. */
const drainMs = 500

/** The variables of this process that a program on the host gets; all else is given by the application. */
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG'] as const

/**
 * Starts a program on this host, outside any sandbox. It has a group of its own, which is ended whole; on Linux also
 * what left the group, unless it took the mark out of its environment.
 */
export async function startOnHost(
  server: StdioServer,
  signal: AbortSignal | undefined,
): Promise<SandboxProcess> {
  signal?.throwIfAborted()
  const mark = randomUUID()
  const child = spawn(server.command, [...(server.args ?? [])], {
    cwd: server.cwd,
    env: { ...baseEnvironment(), ...server.env, [markName]: mark },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    windowsHide: true,
  })
  await started(child, server.command)
  return processOf(child, mark)
}

function baseEnvironment(): Record<string, string> {
  const known = inherited.map((name) => [name, process.env[name]] as const)
  return Object.fromEntries(
    known.filter((entry): entry is [(typeof inherited)[number], string] => entry[1] !== undefined),
  )
}

function started(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) =>
      reject(
        new PortError({
          code: 'sandbox/command',
          message: `"${command}" could not be started on this host.`,
          meta: { reason: (cause as NodeJS.ErrnoException).code === 'EACCES' ? 'not_allowed' : 'not_found' },
          cause,
        }),
      ),
    )
  })
}

function processOf(child: ChildProcessWithoutNullStreams, mark: string): SandboxProcess {
  const { stdin, stdout, stderr, pid = 0 } = child
  // A pipe that breaks is told by the end of the process.
  stdin.on('error', () => undefined)
  const exited = new Promise<{ readonly exitCode: number } | { readonly signal: string }>((resolve) =>
    child.once('exit', (code, signal) =>
      resolve(code === null ? { signal: signal ?? 'SIGKILL' } : { exitCode: code }),
    ),
  )
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const ended = exited.then(async (end) => {
    await endTree(pid, mark)
    // What is still in the pipes is read; one that somebody else holds never ends by itself.
    await within(closed, drainMs)
    for (const stream of [stdin, stdout, stderr])
      if (stream !== stdout || !stdout.readableEnded) stream.destroy()
    return end
  })
  return {
    stdin: Writable.toWeb(stdin) as WritableStream<Uint8Array>,
    stdout: Readable.toWeb(stdout) as ReadableStream<Uint8Array>,
    stderr: Readable.toWeb(stderr) as ReadableStream<Uint8Array>,
    ended,
    kill: async () => {
      await endTree(pid, mark)
      await ended
    },
  }
}

/**
 * Until nothing of the tree is found any more: what is found while it starts others has started them. A process that is
 * killed loses its environment before it is gone, so those that were found once are looked at until they are.
 */
async function endTree(pid: number, mark: string): Promise<void> {
  kill(-pid)
  if (process.platform !== 'linux') return
  const found = new Set<number>()
  for (let round = 0; round < 200; round++) {
    for (const other of await marked(mark)) {
      found.add(other)
      kill(other)
    }
    for (const other of found) if (!(await isUnderWay(other))) found.delete(other)
    if (found.size === 0 && round > 0) return
    await delay(2)
  }
}

/** A zombie has ended and waits for its parent. */
async function isUnderWay(pid: number): Promise<boolean> {
  try {
    return !/\) [ZX] /.test(await readFile(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}

async function marked(mark: string): Promise<number[]> {
  const entries = await readdir('/proc')
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const environment = await readFile(`/proc/${pid}/environ`, 'latin1')
        return environment.includes(`${markName}=${mark}`) && (await isUnderWay(pid)) ? [pid] : []
      } catch {
        return []
      }
    }),
  )
  return found.flat()
}
