import { join } from 'node:path'
import { ExecError, PortError } from '@belay/core/ports'
import type {
  CommandOptions,
  ExecOptions,
  ExecResult,
  IsolationReport,
  Sandbox,
  SandboxProcess,
} from '@belay/core/ports'
import type { Place } from '../tree.ts'
import { backEndOf } from './back-end.ts'
import { collectOutput } from './capped-output.ts'
import { checkCall, environmentOf } from './command-call.ts'
import { watchDisk } from './disk-watch.ts'
import { hostStarter } from './host-starter.ts'
import { isolatedStarter } from './isolated-starter.ts'
import { setupError } from './isolated-tree.ts'
import { resolvePolicy } from './policy.ts'
import type { CommandPolicy, ResolvedPolicy } from './policy.ts'
import { readableFrom, writableTo } from './process-streams.ts'
import type { CommandStarter, CommandTree, TreeEnd } from './tree.ts'

export { checkIsolation } from './back-end.ts'
export type { CommandLimits, CommandPolicy, NetworkTarget } from './policy.ts'

/** Commands of one opened sandbox. */
export interface Commands {
  readonly exec: NonNullable<Sandbox['exec']>
  readonly spawn: NonNullable<Sandbox['spawn']>
  /** Ends every process. Idempotent. */
  close(): Promise<void>
}

/** Commands that run in a place. `report` is what `checkIsolation` gave for the same policy. */
export function createCommands(place: Place, policy: CommandPolicy, _report: IsolationReport): Commands {
  const resolved = resolvePolicy(policy)
  const backEnd = backEndOf(resolved)
  const starter =
    backEnd.program === undefined
      ? hostStarter(place)
      : isolatedStarter({
          place,
          policy: resolved,
          program: backEnd.program,
          kitFolder: join(place.scratch, 'exec'),
        })
  return new PlacedCommands(place, resolved, starter)
}

/** Why this process ended a command. */
type Stop = 'timeout' | 'abort' | 'close' | 'disk'

class PlacedCommands implements Commands {
  readonly #place: Place
  readonly #policy: ResolvedPolicy
  readonly #starter: CommandStarter
  /** What is under way, also while it is being started. */
  readonly #open = new Set<{ readonly tree: Promise<CommandTree>; readonly stop: (cause: Stop) => void }>()
  #closing: Promise<void> | undefined

  constructor(place: Place, policy: ResolvedPolicy, starter: CommandStarter) {
    this.#place = place
    this.#policy = policy
    this.#starter = starter
  }

  readonly exec = async (command: string, options: ExecOptions = {}): Promise<ExecResult> => {
    const { timeoutMs = 120_000, maxOutputBytes = this.#policy.maxOutputBytes, stdin = '' } = options
    checkBound('timeoutMs', timeoutMs, 2_147_483_647)
    checkBound('maxOutputBytes', maxOutputBytes, 1_073_741_824)
    if (typeof stdin !== 'string' && !(stdin instanceof Uint8Array)) {
      throw new TypeError('Sandbox: `stdin` must be a string or bytes.')
    }
    const { tree, stopped, onStop, finish, stop } = await this.#start(command, options)
    const stdout = collectOutput(tree.stdout, maxOutputBytes)
    const stderr = collectOutput(tree.stderr, maxOutputBytes)
    onStop(() => {
      stdout.stop()
      stderr.stop()
    })
    tree.stdin.end(stdin)
    const timer = timeoutMs === 0 ? undefined : setTimeout(stop, timeoutMs, 'timeout')
    try {
      const end = await tree.ended
      clearTimeout(timer)
      await Promise.all([stdout.closed, stderr.closed])
      const output = {
        stdout: stdout.bytes(),
        stderr: stderr.bytes(),
        stdoutTruncated: stdout.truncated,
        stderrTruncated: stderr.truncated,
      }
      const cause = stopped()
      if (cause === 'abort') throw options.signal?.reason
      if (cause === 'close') throw closedError()
      if (cause === 'timeout') throw timeoutError(output, timeoutMs)
      if (cause === 'disk') throw limitError(output, 'bytes')
      return resultOf(end, output)
    } finally {
      clearTimeout(timer)
      finish()
    }
  }

  readonly spawn = async (command: string, options: CommandOptions = {}): Promise<SandboxProcess> => {
    const { tree, stopped, onStop, finish } = await this.#start(command, options)
    // Without a reader the end of the output is never seen, and the pipes would stay.
    onStop(() => {
      tree.stdin.destroy()
    })
    void tree.ended.then(finish)
    const refused = await tree.started
    if (stopped() === 'abort') {
      await tree.ended
      throw options.signal?.reason
    }
    if (stopped() === 'close') {
      await tree.ended
      throw closedError()
    }
    if (refused?.kind === 'refused') throw refused.error
    const ended = tree.ended.then((end) =>
      end.kind === 'exit'
        ? { exitCode: end.exitCode }
        : { signal: end.kind === 'signal' ? end.signal : 'SIGKILL' },
    )
    return {
      stdin: writableTo(tree.stdin),
      stdout: readableFrom(tree.stdout),
      stderr: readableFrom(tree.stderr),
      ended,
      kill: async () => {
        tree.kill()
        await ended
      },
    }
  }

  async close(): Promise<void> {
    this.#closing ??= this.#end()
    await this.#closing
  }

  async #end(): Promise<void> {
    const open = [...this.#open]
    for (const { stop } of open) stop('close')
    for (const { tree } of open) await tree.then((started) => started.ended).catch(() => undefined)
    await this.#starter.close()
  }

  async #start(command: string, options: CommandOptions): Promise<StartedCommand> {
    if (this.#closing !== undefined) throw closedError()
    const checked = checkCall(command, options, this.#policy)
    const env = environmentOf(options, this.#policy, this.#starter.surroundings)
    options.signal?.throwIfAborted()

    let cause: Stop | undefined
    let whenStopped: (() => void) | undefined
    const tree = this.#starter.start({ ...checked, env })
    const stop = (next: Stop): void => {
      if (cause !== undefined) return
      cause = next
      void tree
        .then((started) => {
          started.kill()
          whenStopped?.()
        })
        .catch(() => undefined)
    }
    const abort = (): void => {
      stop('abort')
    }
    const entry = { tree, stop }
    this.#open.add(entry)
    options.signal?.addEventListener('abort', abort)
    const { diskBytes } = this.#policy.limits
    const watch =
      diskBytes === undefined
        ? undefined
        : watchDisk(this.#place.workspace, diskBytes, () => {
            stop('disk')
          })
    const finish = (): void => {
      watch?.stop()
      this.#open.delete(entry)
      options.signal?.removeEventListener('abort', abort)
    }
    try {
      return {
        tree: await tree,
        stopped: () => cause,
        onStop: (action) => {
          whenStopped = action
          if (cause !== undefined) action()
        },
        finish,
        stop,
      }
    } catch (error) {
      finish()
      throw error
    }
  }
}

interface StartedCommand {
  readonly tree: CommandTree
  readonly stopped: () => Stop | undefined
  readonly onStop: (action: () => void) => void
  readonly finish: () => void
  readonly stop: (cause: Stop) => void
}

type Output = ConstructorParameters<typeof ExecError>[0]['output']

function resultOf(end: TreeEnd, output: Output): ExecResult {
  if (end.kind === 'exit') return { exitCode: end.exitCode, ...output }
  // What bubblewrap wrote was collected with the output.
  if (end.kind === 'refused')
    throw end.error.meta['reason'] === 'setup' ? setupError(output.stderr) : end.error
  if (end.outOfMemory) throw limitError(output, 'memory')
  if (end.signal === 'SIGXFSZ') throw limitError(output, 'file_bytes')
  throw new ExecError({
    code: 'sandbox/signal',
    message: `The command was ended by ${end.signal}. Its output so far is on the error.`,
    meta: { signal: end.signal },
    output,
  })
}

const timeoutError = (output: Output, timeoutMs: number): ExecError =>
  new ExecError({
    code: 'sandbox/timeout',
    message: `The command did not end within ${timeoutMs} ms and was ended with all its processes. Give it a larger \`timeoutMs\`, or less to do.`,
    meta: { timeoutMs },
    output,
  })

const limitError = (output: Output, reason: 'memory' | 'bytes' | 'file_bytes'): ExecError =>
  new ExecError({
    code: 'sandbox/limit',
    message: `The command went over a limit of the sandbox (${reason}) and was ended. Raise the limit, or give it less to do.`,
    meta: { reason },
    output,
  })

const closedError = (): PortError =>
  new PortError({ code: 'sandbox/closed', message: 'The sandbox was closed. Open another one.' })

function checkBound(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new TypeError(`Sandbox: \`${name}\` must be an integer from 0 to ${most}.`)
  }
}
