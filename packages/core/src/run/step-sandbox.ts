import type { StepFiles, StepSandbox, WorkspaceAccess } from '../define/sandbox.ts'
import {
  PortError,
  type CommandOptions,
  type ExecOptions,
  type ExecResult,
  type FileCallOptions,
  type IsolationReport,
  type Sandbox,
  type SandboxProcess,
  type Skill,
} from '../ports/index.ts'
import { handled, type Attempt } from './attempt.ts'
import { observedExec } from './observed-place.ts'
import { Cancellation } from './signal.ts'

/** Whose sandbox it is. */
export interface StepSandboxInit {
  readonly attempt: Attempt
  readonly key: string
  readonly access: WorkspaceAccess
  /** What has to be mounted before the first call. */
  readonly skills: readonly Skill[]
  /** Of the execution of the body. */
  readonly cancellation: Cancellation
}

/**
 * The sandbox as one execution of a body has it. With the body it ends: what is under way is aborted, what was
 * spawned is killed, and code that was left behind can change nothing any more.
 */
export class BodySandbox implements StepSandbox {
  readonly files: StepFiles
  readonly #init: StepSandboxInit
  readonly #cancellation: Cancellation
  readonly #calls = new Set<Promise<unknown>>()
  readonly #processes = new Set<SandboxProcess>()
  /** What ends its calls for the place of the run, also those that an adapter never settles. */
  readonly #leaves = new Set<() => void>()
  #wrote = false
  #opened = false
  #ending: Promise<void> | undefined

  constructor(init: StepSandboxInit) {
    this.#init = init
    this.#cancellation = new Cancellation(init.cancellation)
    this.files = Object.freeze({
      read: (path, options) => this.#read(options, ({ files }, with_) => files.read(path, with_)),
      list: (path, options) => this.#read(options, ({ files }, with_) => files.list(path, with_)),
      glob: (pattern, options) => this.#read(options, ({ files }, with_) => files.glob(pattern, with_)),
      grep: (pattern, options) => this.#read(options, ({ files }, with_) => files.grep(pattern, with_)),
      stat: (path, options) => this.#read(options, ({ files }, with_) => files.stat(path, with_)),
      write: (path, bytes, options) =>
        this.#write('files.write', options, ({ files }, with_) => files.write(path, bytes, with_)),
      edit: (path, edit, options) =>
        this.#write('files.edit', options, ({ files }, with_) => files.edit(path, edit, with_)),
      remove: (path, options) =>
        this.#write('files.remove', options, ({ files }, with_) => files.remove(path, with_)),
    } satisfies StepFiles)
  }

  /** A call came so far that the sandbox was opened. */
  get opened(): boolean {
    return this.#opened
  }

  /** A call came that may have changed files. */
  get wrote(): boolean {
    return this.#wrote
  }

  get report(): IsolationReport {
    return this.#init.attempt.engine.places.sandbox.report
  }

  exec(command: string, options?: ExecOptions): Promise<ExecResult> {
    const { attempt, key } = this.#init
    return this.#write('exec', options, (sandbox, with_) => {
      if (sandbox.exec === undefined) throw withoutCommands()
      const run = (): Promise<ExecResult> => (sandbox.exec as NonNullable<Sandbox['exec']>)(command, with_)
      return observedExec(attempt.observer, { key, command, isolation: sandbox.report.isolation }, run)
    })
  }

  spawn(command: string, options?: CommandOptions): Promise<SandboxProcess> {
    return this.#write('spawn', options, async (sandbox, with_) => {
      if (sandbox.spawn === undefined) throw withoutCommands()
      const process = await sandbox.spawn(command, with_)
      this.#processes.add(process)
      void process.ended.then(() => this.#processes.delete(process))
      return process
    })
  }

  /** Nothing of it acts any more. An adapter that does not hear the abort is left behind like any other code. */
  end(): Promise<void> {
    return (this.#ending ??= this.#end())
  }

  async #end(): Promise<void> {
    const { attempt, key } = this.#init
    this.#cancellation.abort(ended(key))
    const all = Promise.allSettled([...this.#calls]).then(() =>
      Promise.allSettled([...this.#processes].map((process) => process.kill())),
    )
    if (this.#calls.size === 0 && this.#processes.size === 0) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = attempt.platform.timer(attempt.engine.timing.abortGraceMs, resolve)
    await Promise.race([all, late])
    timer.cancel()
    for (const leave of this.#leaves) leave()
  }

  #read<Options extends FileCallOptions, T>(
    options: Options | undefined,
    call: (sandbox: Sandbox, options: Options) => Promise<T>,
  ): Promise<T> {
    return this.#call(options, call)
  }

  #write<Options extends FileCallOptions, T>(
    name: string,
    options: Options | undefined,
    call: (sandbox: Sandbox, options: Options) => Promise<T>,
  ): Promise<T> {
    if (this.#init.access !== 'write') return refused(readOnly(this.#init.key, name))
    return this.#call(options, (sandbox, with_) => {
      this.#wrote = true
      return call(sandbox, with_)
    })
  }

  #call<Options extends FileCallOptions, T>(
    options: Options | undefined,
    call: (sandbox: Sandbox, options: Options) => Promise<T>,
  ): Promise<T> {
    if (this.#ending !== undefined) return refused(ended(this.#init.key))
    if (this.#cancellation.aborted) return refused(this.#cancellation.reason)
    const result = this.#make(options, call)
    this.#calls.add(result)
    const forget = (): void => void this.#calls.delete(result)
    result.then(forget, forget)
    return result
  }

  async #make<Options extends FileCallOptions, T>(
    options: Options | undefined,
    call: (sandbox: Sandbox, options: Options) => Promise<T>,
  ): Promise<T> {
    const { attempt, skills } = this.#init
    const leave = await attempt.place.enter()
    this.#leaves.add(leave)
    try {
      const sandbox = await attempt.place.sandbox(skills)
      this.#opened = true
      if (this.#cancellation.aborted) throw this.#cancellation.reason
      const own = this.#cancellation.signal
      const signal = options?.signal === undefined ? own : AbortSignal.any([own, options.signal])
      return await call(sandbox, { ...options, signal } as Options)
    } finally {
      leave()
      this.#leaves.delete(leave)
    }
  }
}

/** A refusal that nobody awaits must not end the process. */
function refused(reason: unknown): Promise<never> {
  return handled(Promise.reject(reason))
}

function ended(key: string): PortError {
  return new PortError({
    code: 'sandbox/closed',
    message: `"${key}" has ended, and its sandbox with it. Await every call before the step returns.`,
  })
}

function readOnly(key: string, name: string): TypeError {
  return new TypeError(
    `"${key}" may only read files: \`sandbox.${name}\` needs \`workspace: 'write'\` in the declaration of the tool or the options of the step.`,
  )
}

function withoutCommands(): PortError {
  return new PortError({
    code: 'sandbox/unavailable',
    message: 'This sandbox runs no commands. Give the harness one with the capability "sandbox.exec".',
    meta: { reason: 'exec' },
  })
}
