import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { PortError } from '@belay/core/ports'
import type { ControlGroup } from './control-group.ts'
import { InitRecords } from './init-records.ts'
import { childrenOf, isUnderWay, processFacts, signalProcess } from './process-tree.ts'
import type { CommandTree, TreeEnd } from './tree.ts'

/** Words that bubblewrap takes in all, less those that it is always given; and the bytes that Linux takes in one. */
const [mostWords, longestWord] = [8_990, 131_071]

/** What bubblewrap is started with. */
export interface IsolatedStart {
  /** The program, and what stands before the options. */
  readonly program: readonly [string, ...string[]]
  /** Read by bubblewrap from a descriptor. */
  readonly options: readonly string[]
  /** What runs inside. */
  readonly argv: readonly string[]
  readonly filter: string
  readonly group: ControlGroup | undefined
  /** A helper starts the command, see `network/forwarder.ts`. */
  readonly withHelper: boolean
}

/**
 * Starts a command in namespaces of its own. Three things end all of it: the end of the first process inside, which the
 * kernel turns into the end of all others before bubblewrap hears of it; and the death of bubblewrap or of this process,
 * which the kernel turns into the end of the first one inside. So the exit of bubblewrap says that nothing is left.
 */
export function startIsolated(start: IsolatedStart): CommandTree {
  const { program, options, argv, filter } = start
  // Bubblewrap and the kernel would refuse these too, but not say what is wrong.
  const isTooLarge = options.some((option) => Buffer.byteLength(option) > longestWord)
  if (isTooLarge || options.length + argv.length > mostWords) throw startError({ code: 'E2BIG' })
  const filterFd = openSync(filter, 'r')
  let child: ChildProcess
  try {
    const [file, ...before] = program
    child = spawn(file, [...before, '--args', '4', '--seccomp', '5', '--', ...argv], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', filterFd],
      env: {},
      cwd: '/',
      // Its own session: what a terminal sends to this process is not meant for it.
      detached: true,
    })
  } catch (error) {
    throw startError(error)
  } finally {
    closeSync(filterFd)
  }
  return followTree(child, start)
}

function followTree(child: ChildProcess, { options, group, withHelper }: IsolatedStart): CommandTree {
  const { stdin, stdout, stderr, stdio } = child
  const [control, list] = [stdio[3], stdio[4]] as readonly (Duplex | null)[]
  if (stdin === null || stdout === null || stderr === null || control == null || list == null)
    throw startError(undefined)
  for (const stream of [stdin, control, list]) stream.on('error', () => undefined)
  list.end(options.map((option) => `${option}\0`).join(''))

  const records = new InitRecords({ withHelper })
  const started = Promise.withResolvers<TreeEnd | undefined>()
  const memory = group?.memoryKills()
  let killed = false
  let first: number | undefined

  control.on('data', (bytes: Buffer) => {
    const wasReady = records.ready
    records.push(bytes)
    if (records.ready > wasReady && isUnderWay(child) && !killed) {
      first ??= childrenOf(child.pid)[0]
      if (first !== undefined && wasReady === 0) group?.join(first)
      control.write('g'.repeat(records.ready - wasReady))
    }
    if (records.running) started.resolve(undefined)
  })

  const kill = (): void => {
    killed = true
    if (isUnderWay(child)) killInside(child.pid)
  }
  const end = async (): Promise<TreeEnd> => {
    const failure = await exitOf(child)
    if (failure !== undefined) return { kind: 'refused', error: startError(failure) }
    if (child.signalCode !== null && first !== undefined) await gone(first)
    if (!control.readableEnded && !control.destroyed) await once(control, 'close').catch(() => undefined)
    const reported = records.end
    const outOfMemory = (group?.memoryKills() ?? 0) > (memory ?? 0)
    if (reported?.kind === 'signal')
      return { ...reported, outOfMemory: outOfMemory && reported.signal === 'SIGKILL' }
    if (reported !== undefined) return reported
    if (records.refusal !== undefined) return { kind: 'refused', error: records.refusal }
    if (records.running || killed) return { kind: 'signal', signal: 'SIGKILL', outOfMemory }
    return { kind: 'refused', error: setupError(stderr.read() as Buffer | null) }
  }
  const ended = end()
  void ended.then(started.resolve)
  return { stdin, stdout, stderr, started: started.promise, ended, kill }
}

/**
 * Ends the first process inside and leaves bubblewrap to wait for it. Bubblewrap is stopped meanwhile, so that its child is
 * certainly the one that is listed; without a child it has not begun, and ends itself.
 */
function killInside(bubblewrap: number): void {
  signalProcess(bubblewrap, 'SIGSTOP')
  const inside = childrenOf(bubblewrap)
  for (const pid of inside) signalProcess(pid, 'SIGKILL')
  signalProcess(bubblewrap, inside.length === 0 ? 'SIGKILL' : 'SIGCONT')
}

/** Somebody else ended bubblewrap: the kernel is ending the inside, and says nothing when it is done. */
async function gone(pid: number): Promise<void> {
  const start = processFacts(pid)?.start
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
    const facts = processFacts(pid)
    if (facts === undefined || facts.dead || facts.start !== start) return
    await new Promise((resolve) => {
      setTimeout(resolve, waitMs)
    })
  }
}

/** Resolves with what kept it from starting. */
export function exitOf(child: ChildProcess): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve(undefined)
    })
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(error)
    })
  })
}

/** The host did not start a process. */
export function startError(cause: unknown): PortError {
  const errno =
    typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'unknown'
  return new PortError({
    code: 'sandbox/io',
    message: `The host could not start a process for the command (${errno}). Look at its limits of processes, descriptors and memory, and at the number and size of the arguments and variables.`,
    meta: { errno },
    retryable: ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'].includes(errno),
    cause,
  })
}

/** Bubblewrap ended before it started anything; what it wrote names paths of the host, and is a cause only. */
export function setupError(text: Uint8Array | null): PortError {
  return new PortError({
    code: 'sandbox/io',
    message: 'The sandbox could not be set up for this command. The cause holds what bubblewrap wrote.',
    meta: { reason: 'setup' },
    cause: new Error(new TextDecoder().decode(text?.subarray(0, 4096)) || 'bubblewrap ended without a word'),
  })
}
