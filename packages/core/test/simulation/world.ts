import type { Batch, Entry, EntryInput, Head, LeaseState, Store } from '../../src/ports/index.ts'
import type { Budget } from '../../src/define/budget.ts'
import type { RunHistory } from '../../src/history/fold.ts'
import type { CommittedEvents, ResultData } from '../../src/history/event.ts'
import type { StepRun } from '../../src/define/effect.ts'
import type { Definition } from '../../src/run/definition.ts'
import type { Engine } from '../../src/run/engine.ts'
import { inMemoryFiles } from '../../src/in-memory/in-memory-files.ts'
import { silentLogger } from '../../src/platform/silent-logger.ts'
import type { Core } from './core.ts'
import { SimApprover } from './sim-approver.ts'
import type { CallUse, EffectBody, SimStep } from './sim-context.ts'
import { SimContext } from './sim-context.ts'
import { wrongWith } from './sim-gate.ts'
import { epoch, SimProcess } from './sim-process.ts'
import type { Simulation } from './simulation.ts'
import { parkedFaults } from './parked-faults.ts'
import { simulatedStore, type StoreHooks } from './sim-store.ts'
import { timing } from './timing.ts'
import type { Workflow } from './workflow.ts'

export const runId = 'r'
const sessionId = 's'
const leaseKey = `session/${sessionId}`
const anything = {
  '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) },
}

/** What a world is made from. */
export interface WorldInit {
  readonly core: Core
  readonly workflow: Workflow
  /** Numbers of the crash points at which the process dies that gets there. */
  readonly crashAt: readonly number[]
  /** Nobody else writes to the store as far as the engine knows, so it does not poll. */
  readonly local?: boolean
  /** The program of the n-th process, when it is not the workflow's. */
  readonly programOf?: (boot: number) => Workflow['run']
}

/** One store, the processes that come and go over it, and everything that must never be seen. */
export class World implements StoreHooks {
  readonly sim: Simulation
  readonly workflow: Workflow
  readonly store: Store
  readonly entries: Entry[] = []
  /** Commands in the order in which they were recorded. */
  readonly inbox: EntryInput[] = []
  /** When each of them was. */
  readonly recordedAt: number[] = []
  readonly effects: { readonly key: string; readonly by: SimProcess; readonly used: number }[] = []
  readonly bad: string[] = []
  readonly log: string[] = []
  points = 0
  crashes = 0
  takeovers = 0
  /** Whether a process was stopped for longer than its lease. */
  hasPaused = false
  boots = 0
  head: Head | undefined
  /** Why code and journal do not fit, when the engine said so. */
  diverged: string | undefined
  /** The code with which a resume was refused. */
  refused: string | undefined
  result: { readonly output: unknown } | undefined
  current: SimProcess | undefined
  /** The process that holds the lease by the store's word. */
  holder: string | undefined
  inboxPosition = 0
  #init: WorldInit
  readonly #crashAt: Set<number>
  readonly #operator: SimProcess
  readonly #operatorStore: Store
  readonly #approver: SimApprover | undefined
  #resumes: number
  #commands = 0

  constructor(sim: Simulation, init: WorldInit) {
    this.sim = sim
    this.#init = init
    this.workflow = init.workflow
    this.#crashAt = new Set(init.crashAt)
    this.#resumes = init.workflow.resumes ?? 0
    const { answers } = init.workflow
    this.#approver = answers && new SimApprover(this, answers)
    this.store = init.core.inMemoryStore({ clock: () => epoch + sim.now })
    this.#operator = new SimProcess(sim, 'operator', this)
    this.#operatorStore = simulatedStore(this.store, this.#operator, this, true)
  }

  get core(): Core {
    return this.#init.core
  }

  get state(): string {
    return this.head?.state ?? 'none'
  }

  /** Everything that the journal says of the run. */
  fold(): RunHistory | undefined {
    return this.#init.core.foldRun(this.entries)
  }

  random(): number {
    return this.sim.random()
  }

  livenessOf(owner: string): 'alive' | 'dead' {
    return this.#dead.has(owner) ? 'dead' : 'alive'
  }

  readonly #dead = new Set<string>()

  point(process: SimProcess): boolean {
    if (process.dead) return true
    if (process === this.#operator || !this.#crashAt.has(++this.points)) return false
    this.crashes++
    this.log.push(`CRASH@${this.points} ${process.name}`)
    this.kill(process)
    if (process === this.current) this.#bootLater(20)
    return true
  }

  kill(process: SimProcess): void {
    process.die()
    this.#dead.add(process.name)
  }

  /** Starts a process that starts the run or goes on with it. */
  boot(): void {
    if (this.diverged !== undefined || this.state === 'succeeded' || this.state === 'cancelled') return
    const process = new SimProcess(this.sim, `p${++this.boots}`, this)
    this.current = process
    this.log.push(`boot ${process.name}`)
    const program = this.#init.programOf?.(this.boots) ?? this.workflow.run.bind(this.workflow)
    const definition: Definition = {
      kind: 'workflow',
      name: 'simulated',
      version: '1',
      input: anything,
      output: anything,
      program: (context) => program(new SimContext(this, process, context)),
    }
    process.engine = this.#engine(process, definition)
    this.#start(process, definition)
  }

  /** After a divergence: whether that program can go on with the run. */
  async goOnWith(program: Workflow['run']): Promise<boolean> {
    this.#init = { ...this.#init, programOf: () => program }
    this.diverged = undefined
    this.boot()
    await this.sim.drain(60_000)
    return this.state === 'succeeded' && this.diverged === undefined
  }

  #engine(process: SimProcess, definition: Definition): Engine {
    const store = simulatedStore(this.store, process, this, this.#init.local !== true)
    const { memory } = store
    return this.#init.core.createEngine({
      store,
      memory: memory && { memory, capabilities: store.info.capabilities, ofStore: true },
      platform: process.platform,
      logger: silentLogger,
      ...inMemoryFiles(),
      isSessionOpen: () => false,
      resolve: () => definition,
      timing,
    })
  }

  #start(process: SimProcess, definition: Definition): void {
    const { timeoutMs = 0, budget } = this.workflow
    const request = { definition, sessionId, input: null, runId, timeoutMs, ...(budget && { budget }) }
    this.#init.core
      .startRun(process.engine as Engine, request)
      .then((handle) => handle.result)
      .then(
        (output) => this.#succeeded(output),
        (error: unknown) => this.#failed(process, error as Error & { code?: string }),
      )
  }

  #succeeded(output: unknown): void {
    const text = JSON.stringify(output)
    if (this.result !== undefined && JSON.stringify(this.result.output) !== text) this.bad.push('two outputs')
    if (this.state !== 'succeeded') this.bad.push(`a result in the state ${this.state}`)
    this.result = { output }
  }

  #failed(process: SimProcess, error: Error & { code?: string }): void {
    const code = error.code ?? error.name
    this.log.push(`${process.name} rejected ${code} ${error.message.slice(0, 120)}`)
    if (process !== this.current) return
    if (code === 'run/diverged') this.diverged = error.message
    else if (code === 'run/not-resumable') this.refused = code
    else if (code === 'run/leased' || code === 'run/conflict') this.#bootLater(timing.leaseTtlMs / 4)
    else if (this.state === 'failed') {
      if (this.#resumes-- > 0) this.#bootLater(5)
    } else if (this.state !== 'cancelled') this.bad.push(`stopped by ${code}: ${error.message}`)
  }

  #bootLater(delay: number): void {
    this.sim.at(delay, () => {
      if (this.current !== undefined) this.kill(this.current)
      this.boot()
    })
  }

  /** Another process takes the run over while its holder goes on. */
  steal(pauseMs: number | undefined): void {
    const process = this.current
    if (process === undefined || this.holder !== process.name || this.state !== 'running') return
    this.takeovers++
    this.log.push(`STEAL from ${process.name} ${pauseMs ?? ''}`)
    if (pauseMs !== undefined) {
      this.hasPaused = true
      process.pausedUntil = this.sim.now + pauseMs
      this.current = undefined
      this.sim.at(timing.leaseTtlMs + 1, () => this.boot())
      return
    }
    void this.store.leases.reclaim(leaseKey, process.name)
    this.holder = undefined
    this.boot()
  }

  /** Sends a command from another process until it is recorded. */
  send(
    command:
      | { type: 'signal'; name: string; value: unknown; key?: string }
      | { type: 'cancel' }
      | { type: 'extend'; more: Budget },
  ): void {
    this.#sendAs(command, `c${++this.#commands}`)
  }

  #sendAs(command: Parameters<Core['sendCommand']>[2], id: string): void {
    const { journal, blobs } = this.#operatorStore
    const hub = { wake: () => this.#wake(), subscribe: () => () => undefined }
    this.#init.core
      .sendCommand({ journal, blobs, hub, platform: this.#operator.platform }, runId, command, id)
      .then(
        () => {
          this.log.push(`sent ${command.type} ${'name' in command ? command.name : ''}`)
          this.sim.quietAfter = Math.max(this.sim.quietAfter, this.sim.now + 5 * timing.inboxPollMs)
        },
        (error: unknown) => {
          const { code } = error as { code?: string }
          if (code === 'run/not-found') this.sim.at(3, () => this.#sendAs(command, id))
          else if (code !== 'run/ended') this.bad.push(`a command was refused: ${String(error)}`)
        },
      )
  }

  /** Answers an approval from another process. */
  async answer(
    { decision, ...approval }: { approvalId: string; binding: string; decision: 'allow' | 'deny' },
    id: string,
  ): Promise<void> {
    const { journal, blobs } = this.#operatorStore
    const hub = { wake: () => this.#wake(), subscribe: () => () => undefined }
    const deps = { journal, blobs, hub, platform: this.#operator.platform }
    await this.#init.core.answerApproval(deps, { runId, ...approval }, { decision }, id)
    this.sim.quietAfter = Math.max(this.sim.quietAfter, this.sim.now + 5 * timing.inboxPollMs)
  }

  /** Writes a command past the engine. */
  smuggle(entry: EntryInput, id: string, at = this.#operator.platform.now()): void {
    const batch = { id, entries: [{ stream: `inbox/${runId}`, entries: [{ ...entry, at }] }] }
    void this.#operatorStore.journal.append(batch).then(() => this.#wake())
  }

  /** A command is noticed at once in the process itself, after a poll elsewhere, or by a new process. */
  #wake(): void {
    const process = this.current
    const delay = this.random() * 6
    if (process === undefined || process.dead) {
      if (this.state === 'suspended') this.sim.at(delay, () => this.#bootIfNobodyLives())
    } else if (this.#init.local === true || this.random() < 0.5)
      process.after(delay, () => process.engine?.hub.wake(`inbox/${runId}`))
  }

  #bootIfNobodyLives(): void {
    if (this.state === 'suspended' && (this.current === undefined || this.current.dead)) this.boot()
  }

  /** One effect in the outside world. */
  async effect(
    process: SimProcess,
    key: string,
    options: {
      body?: EffectBody | undefined
      once?: boolean | undefined
      slow?: SimStep['slow']
      uses?: CallUse | undefined
      gate?: SimStep['gate']
      run: StepRun
    },
  ): Promise<unknown> {
    const { body, once = false, slow = 1, uses, run } = options
    if (this.point(process)) return new Promise(() => undefined)
    const times = this.effects.filter((effect) => effect.key === key).length
    if (once && times > 0) this.bad.push(`once ran twice: ${key}`)
    if (this.holder === process.name && this.#isCommitted(key))
      this.bad.push(`a committed step ran again: ${key}`)
    if (this.sim.now >= process.leasedUntil) this.bad.push(`an effect began without a lease: ${key}`)
    const wrong = options.gate && wrongWith(this, process, options.gate, key)
    if (wrong !== undefined) this.bad.push(`an effect happened although ${wrong}: ${key}`)
    this.effects.push({ key, by: process, used: uses?.used ?? 0 })
    this.bad.push(...parkedFaults(this, key, uses !== undefined))
    this.log.push(`fx ${key}`)
    const least = typeof slow === 'number' ? slow : slow(times)
    await this.#effectTime(process, least + this.random() * 12, least > 1_000 ? run.signal : undefined)
    if (this.point(process)) return new Promise(() => undefined)
    if (run.signal.aborted && this.random() < 0.5) throw run.signal.reason
    return body === undefined ? key : body(times)
  }

  /** A long effect ends soon after it was told to. */
  #effectTime(process: SimProcess, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = this.sim.at(ms, resolve, { owner: process })
      signal?.addEventListener('abort', () => {
        this.sim.cancel(end)
        process.after(this.random() * 5, resolve)
      })
    })
  }

  /** The body of a child begins. */
  beginChild(process: SimProcess, key: string): void {
    const ended = this.fold()?.results.some(({ data }) => data.key === key) ?? false
    if (ended && this.holder === process.name) this.bad.push(`the body of an ended child ran again: ${key}`)
  }

  #isCommitted(key: string): boolean {
    return this.fold()?.results.some(({ data }) => data.key === key && data.status === 'ok') ?? false
  }

  applied(process: SimProcess, method: string, args: readonly unknown[], result: unknown): void {
    if (method === 'append')
      this.#appended(process, args[0] as Batch, result as { positions: Record<string, number> })
    if (method === 'acquire' && (result as { acquired: boolean }).acquired) {
      this.holder = process.name
      process.leasedUntil = (result as { lease: LeaseState }).lease.expiresAt - epoch
    }
    if (method === 'renew' && result !== undefined)
      process.leasedUntil = (result as LeaseState).expiresAt - epoch
    if (method === 'release' && result === true) this.holder = undefined
  }

  #appended(process: SimProcess, batch: Batch, { positions }: { positions: Record<string, number> }): void {
    const stream = `run/${runId}`
    const parts = batch.entries?.find((part) => part.stream === stream)?.entries ?? []
    if (parts.length > 0 && batch.fence === undefined) this.bad.push('an entry without a fence')
    let position = (positions[stream] ?? 0) - parts.length
    for (const entry of parts) {
      this.entries.push({ ...entry, position: ++position })
      const { key = '', status = '' } = entry.data as Partial<ResultData>
      this.log.push(`${position}:${entry.type} ${key} ${status}`.trimEnd())
      if (entry.type === 'approval.requested')
        this.#approver?.asked(entry.data as unknown as CommittedEvents['approval.requested'])
    }
    this.inboxPosition = positions[`inbox/${runId}`] ?? this.inboxPosition
    for (const part of batch.entries ?? []) {
      if (part.stream !== `inbox/${runId}`) continue
      this.inbox.push(...part.entries)
      this.recordedAt.push(epoch + this.sim.now)
    }
    if (batch.fence?.release === true) this.holder = undefined
    const head = batch.heads?.find((one) => one.stream === stream)
    if (head === undefined) return
    this.head = head
    if (head.state === 'suspended') this.#suspended(process, head)
  }

  /** A process with a suspended run may leave; somebody comes back when the run is due. */
  #suspended(process: SimProcess, head: Head): void {
    const { inboxPosition } = this
    if (this.random() < 0.5) return
    this.sim.at(this.random() * 20, () => {
      if (process !== this.current || this.state !== 'suspended') return
      this.log.push(`exit ${process.name}`)
      this.kill(process)
      const due = head.dueAt === undefined ? Infinity : Math.max(0, head.dueAt - epoch - this.sim.now)
      const delay = this.inboxPosition > inboxPosition ? this.random() * 6 : due
      if (delay < Infinity) this.sim.at(delay, () => this.#bootIfNobodyLives())
    })
  }
}
