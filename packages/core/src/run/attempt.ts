import type { HarnessError } from '../errors/harness-error.ts'
import type {
  AskRecord,
  LabelRecord,
  NewEvent,
  ResultData,
  ResultType,
  StoredValue,
} from '../history/event.ts'
import type { RunHistory } from '../history/fold.ts'
import { operationId } from '../history/operation-id.ts'
import { decodeValue } from '../history/stored-value.ts'
import { RunWriter } from '../feed/writer.ts'
import type { Deltas } from '../feed/deltas.ts'
import type { Logger } from '../ports/index.ts'
import { RunBudget } from './budget.ts'
import type { ExtendCommand } from './commands.ts'
import { Deadline } from './deadline.ts'
import type { EngineContext, RunIdentity, StepSpec } from './definition.ts'
import type { Engine } from './engine.ts'
import { isStoreFault, scopeEnded, stopReason, type AttemptEnd, type ProgramEnd } from './attempt-end.ts'
import { AttemptPlace } from './attempt-place.ts'
import { ExclusiveSteps } from './exclusive-steps.ts'
import { FailureChains } from './failure-chain.ts'
import { InboxReader } from './inbox.ts'
import type { AttemptObserver } from './observer.ts'
import type { Ownership } from './owner.ts'
import { ParkedSteps } from './parked.ts'
import { never, Releases, type ReleaseHost } from './release.ts'
import { RestWatch } from './rest.ts'
import { Scope, type ReservedKey } from './scope.ts'
import { OpenApprovals } from './open-approvals.ts'
import { OpenWaits } from './open-waits.ts'

/** What an attempt is made from. */
export interface AttemptInit {
  readonly engine: Engine
  readonly identity: RunIdentity
  readonly history: RunHistory
  readonly ownership: Ownership
  readonly deltas: Deltas
  readonly log: Logger
  readonly observer?: AttemptObserver | undefined
  /** Makes the context of a scope; child scopes need it as well as the root. */
  readonly contextOf: (attempt: Attempt, scope: Scope) => EngineContext
}

/**
 * One process executing one run, from the lease to its loss, suspension or end. It holds what step, wait,
 * child and fan-out share: the queue of results, the writer, the inbox and the count of work under way.
 */
export class Attempt implements ReleaseHost {
  readonly engine: Engine
  readonly identity: RunIdentity
  readonly history: RunHistory
  readonly ownership: Ownership
  readonly deltas: Deltas
  readonly log: Logger
  readonly observer: AttemptObserver | undefined
  readonly chains = new FailureChains()
  readonly root: Scope
  readonly writer: RunWriter
  readonly releases: Releases
  readonly inbox: InboxReader
  readonly waits: OpenWaits
  readonly parked: ParkedSteps
  readonly deadline: Deadline
  /** Absent when the run has none. */
  readonly budget: RunBudget | undefined
  readonly approvals: OpenApprovals
  readonly #rest: RestWatch
  readonly #contextOf: AttemptInit['contextOf']
  readonly startedAt: number
  /** Steps, retries, engine I/O and writes under way. */
  busy = 0
  /** Children, fan-outs and steps that wait for an approval. */
  openScopes = 0
  /** Bodies of effects that execute now, also those that an abort has not ended yet. */
  #bodies = 0
  #cleanUp: Set<() => void> | undefined
  /** Child scopes asked for, and those in flight. */
  childCount = { total: 0, inFlight: 0 }
  program: ProgramEnd | undefined
  /** The end does not wait for the recorded part: a cancel or a deadline. */
  forced = false
  #place: AttemptPlace | undefined
  #exclusive: ExclusiveSteps | undefined
  #over = false
  #finish!: (end: AttemptEnd) => void
  /** Settles when this process has nothing more to do with the run. Never rejects. */
  readonly finished: Promise<AttemptEnd>

  constructor(init: AttemptInit) {
    this.engine = init.engine
    this.identity = init.identity
    this.history = init.history
    this.ownership = init.ownership
    this.deltas = init.deltas
    this.log = init.log
    this.observer = init.observer
    this.#contextOf = init.contextOf
    this.startedAt = this.engine.platform.monotonic()
    this.finished = new Promise((resolve) => (this.#finish = resolve))
    this.root = new Scope({
      key: '',
      depth: 0,
      metadata: init.identity.metadata,
      options: init.identity.options,
    })
    this.writer = new RunWriter(this.engine, {
      runId: init.identity.runId,
      fence: init.ownership.fence,
      onFailure: (error) => this.stop(error),
      onIdle: () => this.releases.kick(),
    })
    this.releases = new Releases(this, init.history)
    this.releases.addScope(this.root)
    this.waits = new OpenWaits(this)
    this.parked = new ParkedSteps(this)
    this.deadline = new Deadline(this)
    this.budget = init.history.budget && new RunBudget(this, init.history.budget)
    this.approvals = new OpenApprovals(this)
    this.inbox = new InboxReader(this)
    this.#rest = new RestWatch(this)
  }

  /** What a program in a scope can ask of the engine. */
  contextOf(scope: Scope): EngineContext {
    return this.#contextOf(this, scope)
  }

  get platform(): Engine['platform'] {
    return this.engine.platform
  }

  get replayIdleMs(): number {
    return this.engine.timing.replayIdleMs
  }

  /** Files and commands; made when something asks for it. */
  get place(): AttemptPlace {
    return (this.#place ??= new AttemptPlace(this))
  }

  get exclusive(): ExclusiveSteps {
    return (this.#exclusive ??= new ExclusiveSteps(this))
  }

  /** Nothing settles or starts any more: suspended, stopped or ended. */
  get over(): boolean {
    return this.#over
  }

  /**
   * What the program says now is said for the first time: nothing recorded is being handed back. A first attempt
   * has nothing to hand back.
   */
  get live(): boolean {
    return !this.#over && (this.identity.attempt === 1 || this.releases.open)
  }

  /** How many signals, times and approvals are waited for. */
  get waiting(): number {
    return this.waits.size + this.approvals.size
  }

  /** Milliseconds under the lease in this attempt. */
  get activeMs(): number {
    return Math.round(this.engine.platform.monotonic() - this.startedAt)
  }

  decode(stored: StoredValue): unknown {
    return decodeValue(stored, this.engine.blobs)
  }

  isWorking(): boolean {
    return this.busy > 0 || !this.writer.idle
  }

  idle(): void {
    this.#rest.check()
  }

  diverged(error: HarnessError): void {
    this.stop(error)
  }

  /** Storage or engine code failed: what the journal holds is not known, so nothing more is written. */
  fault(error: unknown): void {
    this.stop(error)
  }

  /** Takes a key or gives the promise that refuses it. */
  reserve(scope: Scope, name: string, key: string | undefined): ReservedKey | Promise<never> {
    if (this.#over) return never()
    if (scope.isCut) return handled(Promise.reject(scope.cancellation.reason ?? scopeEnded(scope)))
    try {
      return scope.reserve(name, key)
    } catch (error) {
      return handled(Promise.reject(error))
    }
  }

  /** Counts work under way. */
  begin(): void {
    this.busy++
  }

  /** While something else is under way its end looks whether the run is at rest. */
  end(): void {
    this.busy--
    if (!this.isWorking()) this.releases.kick()
  }

  /** Runs engine I/O; a storage fault in it stops the run. */
  async io<T>(work: () => Promise<T>): Promise<T> {
    this.begin()
    try {
      const value = await work()
      return this.#over ? await never() : value
    } catch (error) {
      if (!isStoreFault(error)) throw error
      this.fault(error)
      return await never()
    } finally {
      this.end()
    }
  }

  /** Counts the bodies of effects, so that the lease is not given away while one may still act. */
  bodyBegan(): void {
    this.#bodies++
  }

  bodyEnded(): void {
    this.#bodies--
    if (this.#bodies === 0 && this.#over) void this.ownership.giveUp()
  }

  /** Calls `clean` when this attempt is over; returns the function that forgets it. */
  whenOver(clean: () => void): () => void {
    const cleanUp = (this.#cleanUp ??= new Set())
    cleanUp.add(clean)
    return () => void cleanUp.delete(clean)
  }

  /** Writes an entry; resolves with its position, and never when this attempt is over. */
  append(event: NewEvent): Promise<number> {
    return new Promise((resolve) => this.writer.write(this.#withLineage(event), resolve))
  }

  /** What is recorded in a child beside its results names the child as well. */
  #withLineage(event: NewEvent): NewEvent {
    const { key, scope = key, lineage } = event.data as Partial<AskRecord>
    if (this.childCount.total === 0 || lineage !== undefined || scope === undefined) return event
    const found = this.releases.lineageOf(scope)
    return found === undefined ? event : ({ ...event, data: { ...event.data, lineage: found } } as NewEvent)
  }

  /** Writes a result and hands it to the queue. */
  recordResult(type: ResultType, result: ResultData): void {
    const { attempt } = this.identity
    const data = attempt === 1 ? result : { ...result, runAttempt: attempt }
    this.begin()
    this.writer.write({ type, data }, (position) => {
      this.busy--
      this.observer?.recorded(type, data)
      this.releases.record({ position, type, data })
    })
  }

  /** A command adds to the limits: to the time at once, to the budget when that is recorded. */
  extend({ commandId, more }: ExtendCommand): void {
    this.deadline.extend(more.timeoutMs ?? 0)
    this.releases.whenOpen(() => {
      void this.append({ type: 'budget.extended', data: { commandId, ...more } }).then(() =>
        this.budget?.extended(more),
      )
    })
  }

  /**
   * The program has ended, or is ended from outside (`forced`). The first end counts; but a program that has
   * returned while something of it is still open can be cancelled and can run out of time.
   */
  endProgram(
    program: ProgramEnd,
    options: { readonly forced?: boolean; readonly reason?: Error } = {},
  ): void {
    const { forced = false, reason } = options
    if (this.#over || this.#rest.settling) return
    if (this.program !== undefined && !(forced && this.program.outcome === 'succeeded')) return
    this.program = program
    this.forced = forced
    if (program.outcome !== 'succeeded') {
      this.waits.clear()
      this.releases.dropHeld()
      this.releases.cut(this.root, reason ?? scopeEnded(this.root))
    }
    this.releases.touch()
    this.releases.kick()
  }

  /** Tells readers of an end that is not recorded; one that was not told of the beginning is not told of the end. */
  endUnrecorded(
    noun: StepSpec['noun'] | 'agent' | 'fanout',
    key: string,
    scope: Scope,
    label: LabelRecord,
  ): void {
    if (this.#over || noun === 'step') return
    const { runId, attempt } = this.identity
    const { lineage } = scope
    this.deltas.emit({
      type: `${noun}.finished`,
      runId,
      at: this.platform.now(),
      id: operationId(key, attempt),
      key,
      status: 'cancelled',
      label,
      ...(lineage !== undefined && { lineage }),
    })
  }

  /** Ends this attempt for the process; the first call counts. */
  finish(end: AttemptEnd): void {
    if (this.#over) return
    this.#leave()
    const cancelled = end.end === 'settled' && end.program.outcome === 'cancelled'
    const closing = this.#closePlace(cancelled)
    if (closing === undefined) this.#tellEnd(end)
    else void closing.then(() => this.#tellEnd(end))
  }

  /** No process of a run is left when its end is known here. */
  #closePlace(cancelled: boolean): Promise<void> | undefined {
    // A run that is cancelled before it has asked for its files may have some of an earlier attempt.
    if (this.#place === undefined && !(cancelled && this.history.files !== undefined)) return undefined
    return this.place.close({ cancelled })
  }

  /**
   * Stops without writing: ownership lost, storage in doubt, or code that does not fit the journal. The lease is
   * given up when no effect executes any more; nothing can be written under it then, also not what is under way.
   */
  stop(error: unknown): void {
    if (this.#over) return
    this.#leave()
    const reason = stopReason(error)
    this.root.cancellation.abort(reason)
    void this.#report(reason)
  }

  /** While an effect still executes its end gives the lease up; nobody waits for that. */
  async #report(reason: unknown): Promise<void> {
    const closing = this.#closePlace(false)
    if (this.#bodies === 0) await this.ownership.giveUp()
    await closing
    this.#tellEnd({ end: 'stopped', error: reason })
  }

  /** Whoever watches hears of the end before anybody who waits for it. */
  #tellEnd(end: AttemptEnd): void {
    this.observer?.ended(end)
    this.#finish(end)
  }

  #leave(): void {
    this.#over = true
    this.releases.stop()
    this.writer.stop()
    this.inbox.stop()
    this.waits.clear()
    this.parked.clear()
    this.deadline.stop()
    this.approvals.clear()
    this.#rest.stop()
    this.ownership.stop()
    for (const clean of this.#cleanUp ?? []) clean()
    this.#cleanUp?.clear()
  }
}

/** Marks a promise as handled. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
