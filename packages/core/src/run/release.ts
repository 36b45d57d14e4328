import { HarnessError } from '../errors/harness-error.ts'
import { deserializeError } from '../errors/serialize.ts'
import type { Built } from '../history/built.ts'
import type { AskRecord, ResultType, StoredValue } from '../history/event.ts'
import type { PartialAsk, ResultEntry, RunHistory } from '../history/fold.ts'
import type { Lineage } from '../history/lineage.ts'
import type { Platform } from '../ports/index.ts'
import { divergedError, mismatchOf } from './divergence.ts'
import type { FailureChains } from './failure-chain.ts'
import { IdleWatch } from '../platform/idle-watch.ts'
import type { ReservedKey, Scope } from './scope.ts'

/** One thing that a program asked for. */
export interface Ask {
  readonly key: ReservedKey
  readonly type: ResultType
  readonly scope: Scope
  readonly inputHash?: string | undefined
  /** Read by engine code alone: handed over as soon as it is known. */
  readonly folded?: boolean | undefined
  /** The scope that this ask is the end of. */
  readonly child?: Scope
  /** What a recorded success resolves with, where the entry does not hold the value. */
  readonly local?: () => unknown
  /** Starts the effect; called once the recorded part was consumed, with the ask as it is to be recorded. */
  readonly start?: (record: AskRecord) => void
  /** The ask left the books: handed back, or cut off. */
  readonly settled?: () => void
}

/** What the queue needs from its attempt. */
export interface ReleaseHost {
  readonly platform: Platform
  readonly chains: FailureChains
  readonly replayIdleMs: number
  decode(stored: StoredValue): unknown
  diverged(error: HarnessError): void
  fault(error: unknown): void
  /** Nothing is left to hand back for now. */
  idle(): void
  /** Engine I/O is under way. */
  isWorking(): boolean
}

interface Pending extends PromiseWithResolvers<unknown> {
  readonly ask: Ask
}

/**
 * A promise of an attempt that is over: user code that still waits is dropped with it. One for each, because a promise
 * that never settles keeps whoever waits for it.
 */
export const never = (): Promise<never> => new Promise(() => undefined)

/**
 * Hands recorded results back to the program: in journal order, one result that user code awaits per
 * macrotask, live and in replay alike. So `Promise.race` and unequal chains of `then` take the same branch
 * every time. Nothing new starts before the recorded part was consumed.
 */
export class Releases {
  readonly #host: ReleaseHost
  readonly #results: ResultEntry[]
  /** Where the result of a key is in `#results`. */
  readonly #known = new Map<string, number>()
  /** Whether the result at an index was asked for. */
  readonly #askedAt: boolean[]
  readonly #partial: ReadonlyMap<string, PartialAsk>
  #unseenPartial: PartialAsk[]
  /** Keys without a result that were asked for although something of them is recorded. */
  readonly #askedPartial = new Set<string>()
  readonly #pending = new Map<string, Pending>()
  readonly #scopes = new Map<string, Scope>()
  readonly #watch: IdleWatch
  #held: (() => void)[] = []
  #cursor = 0
  #lastReleased = 0
  #open = false
  #paused = false
  #pumping = false
  /** Blobs that are being read; several at a time where engine code takes results. */
  #decoding = 0
  #stopped = false
  /** Changes whenever the program asks for something or receives something. */
  stamp = 0

  constructor(host: ReleaseHost, history: RunHistory) {
    this.#host = host
    this.#results = history.results
    this.#partial = history.partial
    for (const [index, entry] of history.results.entries()) this.#known.set(entry.data.key, index)
    this.#askedAt = history.results.map(() => false)
    this.#unseenPartial = [...history.partial.values()].filter((partial) => !this.#known.has(partial.key))
    this.#watch = new IdleWatch(host.platform, host.replayIdleMs, {
      isWorking: () => this.#decoding > 0 || host.isWorking(),
      expired: () => this.#diverge('asked for nothing any more', this.#expected()),
    })
  }

  /** Whether the recorded part was consumed, so that new effects run. */
  get open(): boolean {
    return this.#open
  }

  /** Whether a suspension or the end is being committed. */
  get paused(): boolean {
    return this.#paused
  }

  /** Whether everything recorded was handed back. */
  get drained(): boolean {
    return this.#cursor >= this.#results.length && this.#decoding === 0
  }

  get holding(): boolean {
    return this.#held.length > 0
  }

  addScope(scope: Scope): void {
    this.#scopes.set(scope.key, scope)
  }

  /** What is asked for now, as an entry names it. */
  recordOf({ key, name, hasOwnKey }: ReservedKey, scope: Scope): AskRecord {
    const after = this.#lastReleased
    const record: Built<AskRecord> = { key, scope: scope.key, after }
    if (scope.seen > after) record.seen = scope.seen
    if (hasOwnKey) record.name = name
    if (scope.lineage !== undefined) record.lineage = scope.lineage
    return record
  }

  /** The lineage of the innermost scope that is, or holds, what a key names. */
  lineageOf(key: string): Lineage | undefined {
    for (let place = key; ; place = parentKey(place)) {
      const scope = this.#scopes.get(place)
      if (scope !== undefined || place === '') return scope?.lineage
    }
  }

  /** Whether a result is recorded for a key. */
  isRecorded(key: string): boolean {
    return this.#known.has(key)
  }

  ask(ask: Ask): Promise<unknown> {
    if (this.#stopped) return never()
    const { key } = ask.key
    const index = this.#known.get(key)
    const result = index === undefined ? undefined : this.#results[index]
    const partial = this.#partial.get(key)
    if (index !== undefined) this.#askedAt[index] = true
    if (partial !== undefined) this.#askedPartial.add(key)
    const mismatch = mismatchOf(
      { key, name: ask.key.name, type: ask.type, inputHash: ask.inputHash },
      { result, partial },
    )
    if (mismatch !== undefined) {
      this.#diverge(mismatch, result?.position ?? partial?.positions[0])
      return never()
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#pending.set(key, { ask, promise, resolve, reject })
    this.touch()
    if (result === undefined) {
      if (ask.start !== undefined) {
        const record = this.recordOf(ask.key, ask.scope)
        this.whenOpen(() => (ask.scope.isCut ? undefined : ask.start?.(record)))
      }
    } else if (ask.folded === true) {
      this.#settle(result)
    }
    this.kick()
    return promise
  }

  /** Runs `work` now, or once the recorded part was consumed and no suspension is being decided. */
  whenOpen(work: () => void): void {
    if (this.#stopped) return
    if (this.#open && !this.#paused) work()
    else this.#held.push(work)
  }

  /** A result of this attempt was committed. */
  record(entry: ResultEntry): void {
    if (this.#stopped) return
    this.#known.set(entry.data.key, this.#results.length)
    this.#askedAt.push(true)
    this.#results.push(entry)
    if (this.#pending.get(entry.data.key)?.ask.folded === true) this.#settle(entry)
    this.kick()
  }

  /** Holds back new effects while a suspension or the end is being committed. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#runHeld()
    this.kick()
  }

  /** Settles nothing and starts nothing from here on. */
  stop(): void {
    this.#stopped = true
    this.#held = []
    this.#pending.clear()
    this.#watch.stop()
  }

  /** Drops what was held back, because its scopes are cut. */
  dropHeld(): void {
    this.#held = []
  }

  touch(): void {
    this.stamp++
    // What has nothing recorded to wait for opens at its first turn.
    if (!this.#open && (this.#results.length > 0 || this.#partial.size > 0)) this.#watch.touch()
  }

  /** Cuts a scope: everything pending in it is rejected with `reason`, and what it asked for before counts as consumed. */
  cut(scope: Scope, reason: Error, options: { readonly over?: boolean } = {}): void {
    if (scope.cutAt !== undefined) return
    scope.cutAt = this.#lastReleased + (options.over === true ? 1 : 0)
    // Before anything leaves the books: a child that has left them no longer hears of it.
    scope.cancellation.abort(reason)
    for (const [key, pending] of this.#pending) {
      if (!scope.contains(pending.ask.scope)) continue
      this.#pending.delete(key)
      this.#leave(pending.ask)
      fail(pending, reason)
    }
    this.kick()
  }

  kick(): void {
    if (this.#pumping || this.#stopped || this.#decoding > 0) return
    this.#pumping = true
    this.#host.platform.macrotask(() => {
      this.#pumping = false
      if (!this.#stopped && this.#decoding === 0) this.#pump()
    })
  }

  #pump(): void {
    for (;;) {
      const entry = this.#results[this.#cursor]
      if (entry === undefined) break
      const pending = this.#pending.get(entry.data.key)
      if (pending === undefined && this.#askedAt[this.#cursor] !== true && !this.#isClosed(entry.data)) {
        return this.#host.idle()
      }
      this.#cursor++
      this.#lastReleased = Math.max(this.#lastReleased, entry.position)
      if (pending === undefined) continue
      this.touch()
      this.#settle(entry)
      this.kick()
      return
    }
    if (!this.#open && this.#unseenConsumed()) {
      this.#open = true
      this.#watch.stop()
      if (!this.#paused) this.#runHeld()
      this.stamp++
      this.kick()
      return
    }
    this.#host.idle()
  }

  /** Whether every started effect and open wait that the journal knows was asked for again. */
  #unseenConsumed(): boolean {
    this.#unseenPartial = this.#unseenPartial.filter(
      (partial) => !this.#askedPartial.has(partial.key) && !this.#isClosed(partial),
    )
    return this.#unseenPartial.length === 0
  }

  #runHeld(): void {
    for (const work of this.#held.splice(0)) work()
  }

  #settle(entry: ResultEntry): void {
    const pending = this.#pending.get(entry.data.key)
    if (pending === undefined) return
    const { ask } = pending
    if (entry.data.status === 'failed') {
      this.#pending.delete(entry.data.key)
      this.#finish(ask, entry.position)
      const error = deserializeError(entry.data.error)
      const link = { position: entry.position, scope: ask.scope.key }
      this.#host.chains.remember(error, [...(entry.data.chain ?? []), link])
      fail(pending, error)
      return
    }
    const value = ask.local === undefined ? this.#host.decode(entry.data) : ask.local()
    if (value instanceof Promise && ask.local === undefined) return this.#decodeLater(entry, pending, value)
    this.#pending.delete(entry.data.key)
    this.#finish(ask, entry.position)
    pending.resolve(value)
  }

  /** A blob has to be read first; nothing else is handed back meanwhile. */
  #decodeLater(entry: ResultEntry, pending: Pending, value: Promise<unknown>): void {
    this.#decoding++
    value.then(
      (decoded) => {
        this.#decoding--
        if (this.#stopped) return
        if (this.#pending.get(entry.data.key) === pending) {
          this.#pending.delete(entry.data.key)
          this.#finish(pending.ask, entry.position)
          pending.resolve(decoded)
        }
        this.touch()
        this.kick()
      },
      (error: unknown) => this.#host.fault(error),
    )
  }

  #finish(ask: Ask, position: number): void {
    this.#leave(ask)
    const { child, scope } = ask
    // Engine code has seen its result when it goes on, and not before: what it asks for in the same breath was
    // not asked for in answer.
    if (ask.folded === true) queueMicrotask(() => (scope.seen = Math.max(scope.seen, position)))
    if (child === undefined) return
    child.over = true
    if (!child.skipped) this.cut(child, scopeOver(child), { over: true })
  }

  #leave(ask: Ask): void {
    ask.key.release()
    ask.settled?.()
  }

  #isClosed(ask: { readonly scope: string; readonly after: number }): boolean {
    for (let key = ask.scope; ; key = parentKey(key)) {
      const scope = this.#scopes.get(key)
      if (scope?.skipped === true) return true
      if (scope?.cutAt !== undefined && ask.after < scope.cutAt) return true
      if (key === '') return false
    }
  }

  /** Where an entry is left that nobody asked for. */
  #expected(): number | undefined {
    return this.#results[this.#cursor]?.position ?? this.#unseenPartial[0]?.positions[0]
  }

  #diverge(actual: string, position: number | undefined): void {
    if (this.#stopped) return
    const entry = this.#results.find((result) => result.position === position)
    const what = entry === undefined ? 'something begun' : `${entry.type} "${entry.data.key}"`
    this.#host.diverged(divergedError(actual, { what, position: position ?? 0 }))
  }
}

/** A failure that is awaited late, or never, must not end the process. */
function fail({ promise, reject }: Pending, error: Error): void {
  promise.catch(() => undefined)
  reject(error)
}

function parentKey(key: string): string {
  const slash = key.lastIndexOf('/')
  return slash < 0 ? '' : key.slice(0, slash)
}

function scopeOver(scope: Scope): HarnessError {
  return new HarnessError({
    code: 'operation/cancelled',
    message: `"${scope.key}" has ended; what it left in flight was cancelled.`,
    meta: { scope: 'call' },
  })
}
