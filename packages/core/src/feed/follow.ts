import type { Entry, Journal, Platform, Timer } from '../ports/index.ts'
import type { CommittedEvent, RunEvent, TransientEvent } from '../history/event.ts'
import { isResult } from '../history/fold.ts'
import { operationId } from '../history/operation-id.ts'
import type { Deltas } from './deltas.ts'
import type { Hub } from './hub.ts'
import { OpenStarted } from './open-started.ts'
import { ReaderQueue, type WakeMark } from './reader-queue.ts'
import { runStream } from './streams.ts'

export { readerBuffer } from './reader-queue.ts'

/** How often a run that executes elsewhere is looked at. */
const pollMs = 250

/** What following a run needs. */
export interface FollowSource {
  readonly journal: Journal
  readonly hub: Hub
  readonly platform: Platform
  readonly runId: string
  /** Transient events, when the run executes in this process. */
  readonly deltas?: Deltas
  /** Whether this process writes the run now, so that wake-ups are enough. */
  readonly isLocal: () => boolean
  /** Whether the run has ended and nobody goes on with it; asked by a reader who finds nothing to read. */
  readonly hasEnded?: () => Promise<boolean>
  /** Called when reading begins; what it gives is called when reading ends. */
  readonly opened?: () => () => void
  /** The end of the harness ends every reader. */
  readonly signal?: AbortSignal
}

/**
 * Follows a run from a position: committed events from the journal, in order and without a gap, merged with
 * transient ones as they happen. Ends after `run.finished` unless the run was resumed meanwhile. Leaving the
 * loop detaches this reader alone.
 */
export function follow(source: FollowSource, after: number): AsyncIterableIterator<RunEvent> {
  return new RunReader(source, after)
}

class RunReader implements AsyncIterableIterator<RunEvent> {
  readonly #source: FollowSource
  readonly #stop: (() => void)[] = []
  readonly #started = new OpenStarted()
  readonly #queue = new ReaderQueue()
  #page: CommittedEvent[] = []
  /** Nothing was behind the page when it was read. */
  #atEnd = true
  /** The last entry was the end of the run. */
  #finished = false
  #position: number
  #done = false
  #opened = false
  #looked = false
  #reading: Promise<unknown> = Promise.resolve()
  /** Calls of `next` that are not answered yet. */
  #pending = 0
  #waiting: (() => void) | undefined
  #poll: Timer | undefined

  constructor(source: FollowSource, after: number) {
    this.#source = source
    this.#position = after
    this.#queue.mark(Infinity)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * Concurrent calls are served one after the other. What is there already is given without a detour: a stream of
   * deltas asks here for each of them.
   */
  next(): Promise<IteratorResult<RunEvent>> {
    if (this.#pending === 0 && this.#opened) {
      const event = this.#ready()
      if (event !== undefined) return Promise.resolve({ done: false, value: event })
    }
    this.#pending++
    const result = this.#reading.then(() => this.#advance())
    this.#reading = result.then(
      () => this.#pending--,
      () => {
        this.#pending--
        // A loop does not call `return` when `next` has failed.
        this.#close()
      },
    )
    return result
  }

  return(): Promise<IteratorResult<RunEvent>> {
    this.#page = []
    this.#close()
    return Promise.resolve({ done: true, value: undefined })
  }

  async #advance(): Promise<IteratorResult<RunEvent>> {
    if (!this.#opened && !this.#done) this.#open()
    for (;;) {
      const event = this.#ready()
      if (event !== undefined) return { done: false, value: event }
      if (this.#done) return { done: true, value: undefined }
      const item = this.#queue.take()
      if (item === undefined) await new Promise<void>((resolve) => this.#sleep(resolve))
      else if (item.type === 'wake') await this.#read(item)
    }
  }

  /** The next event, when it is here: of the page that was read, or transient. */
  #ready(): RunEvent | undefined {
    for (;;) {
      const [committed] = this.#page
      if (committed !== undefined) return this.#deliver(committed)
      if (this.#done) return undefined
      if (this.#queue.hasDropped) return this.#overflow()
      const event = this.#queue.takeEvent()
      if (event === undefined || this.#started.take(event)) return event
    }
  }

  #deliver(event: CommittedEvent): RunEvent {
    const end = this.#started.before(event)
    if (end !== undefined) return end
    this.#page.shift()
    this.#position = event.position
    this.#finished = event.type === 'run.finished'
    this.#closeAtEnd()
    return event
  }

  /** A run that failed and was resumed meanwhile has more behind its end. */
  #closeAtEnd(): void {
    if (!this.#finished || !this.#atEnd || this.#page.length > 0) return
    if (!this.#queue.marksBeyond(this.#position)) this.#close()
  }

  #overflow(): RunEvent {
    const { runId, platform } = this.#source
    return { type: 'stream.overflow', runId, at: platform.now(), dropped: this.#queue.takeDropped() }
  }

  async #read({ upTo }: WakeMark): Promise<void> {
    const { journal, runId } = this.#source
    const limit = Math.min(pageSize, upTo - this.#position)
    if (limit <= 0) return
    const entries = await journal.read(runStream(runId), { after: this.#position, limit })
    if (this.#done) return
    this.#page = entries.map((entry) => eventOf(runId, entry))
    // A page that was cut by its size may have a successor; behind one that was cut by its mark comes another mark.
    this.#atEnd = entries.length < pageSize
    if (!this.#atEnd) this.#queue.markFirst(upTo)
    this.#closeAtEnd()
    if (entries.length === 0 && !this.#done && !this.#looked) await this.#lookForEnd()
  }

  /** Whoever begins after the last event would wait for one that never comes. */
  async #lookForEnd(): Promise<void> {
    this.#looked = true
    if ((await this.#source.hasEnded?.()) !== true) return
    // The end may have come between the two looks.
    await this.#read({ type: 'wake', upTo: Infinity })
    if (this.#page.length === 0) this.#close()
  }

  #open(): void {
    this.#opened = true
    const { hub, runId, deltas, signal, opened } = this.#source
    if (opened !== undefined) this.#stop.push(opened())
    this.#stop.push(hub.subscribe(runStream(runId), (position) => this.#pushMark(position)))
    if (deltas !== undefined) this.#stop.push(deltas.subscribe((event) => this.#pushEvent(event)))
    if (signal !== undefined) {
      const onAbort = (): void => this.#close()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#stop.push(() => signal.removeEventListener('abort', onAbort))
      if (signal.aborted) this.#close()
    }
  }

  #pushMark(upTo = Infinity): void {
    if (this.#done) return
    this.#queue.mark(upTo)
    this.#wake()
  }

  #pushEvent(event: TransientEvent): void {
    if (this.#done) return
    this.#queue.push(event)
    this.#wake()
  }

  #sleep(resolve: () => void): void {
    if (!this.#queue.empty || this.#done) return resolve()
    this.#waiting = resolve
    if (!this.#source.isLocal()) {
      this.#poll = this.#source.platform.timer(pollMs, () => this.#pushMark())
    }
  }

  #wake(): void {
    this.#poll?.cancel()
    this.#poll = undefined
    const resolve = this.#waiting
    this.#waiting = undefined
    resolve?.()
  }

  #close(): void {
    this.#done = true
    for (const stop of this.#stop.splice(0)) stop()
    this.#wake()
  }
}

const pageSize = 1_000

/** An entry as readers see it. */
function eventOf(runId: string, { type, position, at, data }: Entry): CommittedEvent {
  const { key, runAttempt } = data as { readonly key: string; readonly runAttempt?: number }
  const id = isResult(type) ? { id: operationId(key, runAttempt ?? 1) } : {}
  return { ...(data as object), ...id, type, runId, position, at } as CommittedEvent
}
