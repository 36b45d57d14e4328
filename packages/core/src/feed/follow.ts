import type { Journal, Platform, Timer } from '../ports/index.ts'
import type { CommittedEvent, RunEvent, TransientEvent } from '../history/event.ts'
import type { Deltas } from './deltas.ts'
import type { Hub } from './hub.ts'
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
  /** The end of the harness ends every reader. */
  readonly signal?: AbortSignal
}

/** A place in the queue where the journal has to be read. */
const wakeMark = Symbol('wake')

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
  #queue: (TransientEvent | typeof wakeMark)[] = [wakeMark]
  #page: CommittedEvent[] = []
  /** Nothing was behind the page when it was read. */
  #atEnd = true
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
    if (!this.#opened) this.#open()
    for (;;) {
      const committed = this.#page.shift()
      if (committed !== undefined) return this.#deliver(committed)
      if (this.#done) return { done: true, value: undefined }
      const item = this.#take()
      if (item === undefined) await new Promise<void>((resolve) => this.#sleep(resolve))
      else if (item === wakeMark) await this.#read()
      else return { done: false, value: item }
    }
  }

  #deliver(event: CommittedEvent): IteratorResult<RunEvent> {
    this.#position = event.position
    if (event.type === 'run.finished' && this.#page.length === 0 && this.#atEnd) this.#close()
    return { done: false, value: event }
  }

  #take(): TransientEvent | typeof wakeMark | undefined {
    if (this.#dropped === 0) {
      const item = this.#queue.shift()
      if (item !== undefined && item !== wakeMark) this.#transient--
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

  async #read(): Promise<void> {
    const { journal, runId } = this.#source
    const entries = await journal.read(runStream(runId), { after: this.#position, limit: pageSize })
    if (entries.length === 0 && !this.#looked) return this.#lookForEnd()
    if (this.#done) return
    this.#atEnd = entries.length < pageSize
    this.#page = entries.map(
      (entry) =>
        ({ ...(entry.data as object), type: entry.type, runId, position: entry.position, at: entry.at }) as CommittedEvent,
    )
    // A full page may have a successor.
    if (!this.#atEnd) this.#queue.unshift(wakeMark)
  }

  /** Whoever begins after the last event would wait for one that never comes. */
  async #lookForEnd(): Promise<void> {
    this.#looked = true
    if ((await this.#source.hasEnded?.()) !== true) return
    // The end may have come between the two looks.
    await this.#read()
    if (this.#page.length === 0) this.#close()
  }

  #open(): void {
    this.#opened = true
    const { hub, runId, deltas, signal } = this.#source
    this.#stop.push(hub.subscribe(runStream(runId), () => this.#push(wakeMark)))
    if (deltas !== undefined) this.#stop.push(deltas.subscribe((event) => this.#push(event)))
    if (signal !== undefined) {
      const onAbort = (): void => this.#close()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#stop.push(() => signal.removeEventListener('abort', onAbort))
      if (signal.aborted) this.#close()
    }
  }

  #push(item: TransientEvent | typeof wakeMark): void {
    if (this.#done) return
    if (item !== wakeMark) this.#transient++
    if (item !== wakeMark || this.#queue.at(-1) !== wakeMark) this.#queue.push(item)
    if (this.#transient > readerBuffer) this.#dropOldest()
    this.#wake()
  }

  #dropOldest(): void {
    const index = this.#queue.findIndex((item) => item !== wakeMark)
    this.#queue.splice(index, 1)
    this.#transient--
    this.#dropped++
  }

  #sleep(resolve: () => void): void {
    if (this.#queue.length > 0 || this.#done) return resolve()
    this.#waiting = resolve
    if (!this.#source.isLocal()) {
      this.#poll = this.#source.platform.timer(pollMs, () => this.#push(wakeMark))
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
