import type { Entry, Journal, Platform, Timer } from '../ports/index.ts'
import type { CommittedEvent, RunEvent, TransientEvent } from '../history/event.ts'
import { isResult } from '../history/fold.ts'
import { operationId } from '../history/operation-id.ts'
import type { Deltas } from './deltas.ts'
import type { Hub } from './hub.ts'
import { OpenStarted } from './open-started.ts'
import { runStream } from './streams.ts'

/** Transient events kept for one reader before the oldest is dropped. */
export const readerBuffer = 1_024

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

/** A place in the queue where the journal has to be read, as far as was committed then. */
interface WakeMark {
  readonly type: 'wake'
  upTo: number
}

type QueueItem = TransientEvent | WakeMark

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
  #queue: QueueItem[] = [{ type: 'wake', upTo: Infinity }]
  #page: CommittedEvent[] = []
  /** Nothing was behind the page when it was read. */
  #atEnd = true
  /** The last entry was the end of the run. */
  #finished = false
  #transient = 0
  #position: number
  #dropped = 0
  #done = false
  #opened = false
  #looked = false
  #reading: Promise<unknown> = Promise.resolve()
  #waiting: (() => void) | undefined
  #poll: Timer | undefined

  constructor(source: FollowSource, after: number) {
    this.#source = source
    this.#position = after
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Concurrent calls are served one after the other. */
  next(): Promise<IteratorResult<RunEvent>> {
    const result = this.#reading.then(() => this.#advance())
    // A loop does not call `return` when `next` has failed.
    this.#reading = result.catch(() => this.#close())
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
      const [committed] = this.#page
      if (committed !== undefined) return this.#deliver(committed)
      if (this.#done) return { done: true, value: undefined }
      const item = this.#take()
      if (item === undefined) await new Promise<void>((resolve) => this.#sleep(resolve))
      else if (item.type === 'wake') await this.#read(item)
      else if (this.#started.take(item)) return { done: false, value: item }
    }
  }

  #deliver(event: CommittedEvent): IteratorResult<RunEvent> {
    const end = this.#started.before(event)
    if (end !== undefined) return { done: false, value: end }
    this.#page.shift()
    this.#position = event.position
    this.#finished = event.type === 'run.finished'
    this.#closeAtEnd()
    return { done: false, value: event }
  }

  /** A run that failed and was resumed meanwhile has more behind its end. */
  #closeAtEnd(): void {
    if (!this.#finished || !this.#atEnd || this.#page.length > 0) return
    if (!this.#queue.some((item) => item.type === 'wake' && item.upTo > this.#position)) this.#close()
  }

  #take(): QueueItem | undefined {
    if (this.#dropped === 0) {
      const item = this.#queue.shift()
      if (item !== undefined && item.type !== 'wake') this.#transient--
      return item
    }
    const event: TransientEvent = {
      type: 'stream.overflow',
      runId: this.#source.runId,
      at: this.#source.platform.now(),
      dropped: this.#dropped,
    }
    this.#dropped = 0
    return event
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
    if (!this.#atEnd) this.#queue.unshift({ type: 'wake', upTo })
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
    const last = this.#queue.at(-1)
    if (last?.type === 'wake') last.upTo = Math.max(last.upTo, upTo)
    else this.#queue.push({ type: 'wake', upTo })
    this.#wake()
  }

  #pushEvent(event: TransientEvent): void {
    if (this.#done) return
    this.#queue.push(event)
    this.#transient++
    if (this.#transient > readerBuffer) this.#dropOldest()
    this.#wake()
  }

  #dropOldest(): void {
    const index = this.#queue.findIndex((item) => item.type !== 'wake')
    this.#queue.splice(index, 1)
    this.#transient--
    this.#dropped++
  }

  #sleep(resolve: () => void): void {
    if (this.#queue.length > 0 || this.#done) return resolve()
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
