import type { AppendResult, Batch, EntryInput, Fence, Head, Journal, Json, Platform } from '../ports/index.ts'
import type { NewEvent } from '../history/event.ts'
import type { Hub } from './hub.ts'
import { runStream } from './streams.ts'

/** Watches appends. Never throws. */
export interface AppendObserver {
  /** An append begins. The function that comes back is told its end; `undefined`: nobody listens. */
  append(batch: NewBatch): ((error?: unknown) => void) | undefined
}

/** What writing needs. */
export interface WriterDeps {
  readonly journal: Journal
  readonly platform: Platform
  readonly hub: Hub
  readonly observer?: AppendObserver | undefined
}

/** A batch without the id, which the writer gives. */
export type NewBatch = Omit<Batch, 'id'> & { readonly id?: string }

/**
 * Commits a batch and then wakes the readers of its streams. The only place that appends: whatever a reader
 * learns was committed before.
 */
export function commit(deps: WriterDeps, batch: NewBatch): Promise<AppendResult> {
  const ended = deps.observer?.append(batch)
  const appended = deps.journal.append(hasId(batch) ? batch : { ...batch, id: deps.platform.id() })
  // Before the readers: what they do next is not part of the append.
  if (ended !== undefined) appended.then(() => ended(), ended)
  return appended.then((result) => {
    for (const { stream } of batch.entries ?? []) deps.hub.wake(stream, result.positions[stream])
    return result
  })
}

function hasId(batch: NewBatch): batch is Batch {
  return batch.id !== undefined
}

/** An event as an entry. */
export function toEntry(event: NewEvent, at: number): EntryInput {
  return { type: event.type, at, data: event.data as unknown as Json }
}

/** What becomes of an entry once it is committed. */
type Committed = (position: number) => void

/** The last batch of an attempt: it ends the stream for now and usually gives the lease up. */
export interface ClosingBatch {
  readonly event: NewEvent
  readonly heads: readonly Head[]
  readonly expect?: Batch['expect']
  readonly also?: Batch['entries']
  readonly drop?: Batch['drop']
}

/**
 * The writer of one attempt. Entries that become ready while an append is under way are committed together
 * by the next one, in the order in which they were given.
 */
export class RunWriter {
  readonly #deps: WriterDeps
  readonly #stream: string
  readonly #fence: Fence
  readonly #onFailure: (error: unknown) => void
  readonly #onIdle: () => void
  /** Ids of the batches of this writer share their beginning: making a new one each time costs more than counting. */
  readonly #batchIds: string
  #batches = 0
  #queue: { readonly entry: EntryInput; readonly committed: Committed; readonly head?: Head | undefined }[] =
    []
  #flying = false
  #stopped = false

  constructor(
    deps: WriterDeps,
    options: {
      readonly runId: string
      readonly fence: Fence
      readonly onFailure: (error: unknown) => void
      /** Everything that was given is committed. */
      readonly onIdle: () => void
    },
  ) {
    this.#deps = deps
    this.#stream = runStream(options.runId)
    this.#fence = options.fence
    this.#onFailure = options.onFailure
    this.#onIdle = options.onIdle
    this.#batchIds = deps.platform.id()
  }

  /** Whether everything that was given is committed. */
  get idle(): boolean {
    return !this.#flying && this.#queue.length === 0
  }

  /**
   * Queues an entry. `committed` gets its position, in order, and is never called when the append fails. A head
   * that comes with it replaces the run's in the same batch.
   */
  write(event: NewEvent, committed: Committed, head?: Head): void {
    if (this.#stopped) return
    this.#queue.push({ entry: toEntry(event, this.#deps.platform.now()), committed, head })
    if (!this.#flying && this.#queue.length === 1) queueMicrotask(() => this.#flush())
  }

  /** Commits the closing batch; the caller makes sure that the writer is idle. */
  async close(batch: ClosingBatch): Promise<void> {
    const entry = toEntry(batch.event, this.#deps.platform.now())
    await commit(this.#deps, {
      id: `${this.#batchIds}-${++this.#batches}`,
      fence: { leaseKey: this.#fence.leaseKey, token: this.#fence.token, release: true },
      entries: [{ stream: this.#stream, entries: [entry] }, ...(batch.also ?? [])],
      heads: batch.heads,
      ...(batch.expect !== undefined && { expect: batch.expect }),
      ...(batch.drop !== undefined && { drop: batch.drop }),
    })
  }

  /** Nothing is written from here on; what is under way may still commit. */
  stop(): void {
    this.#stopped = true
    this.#queue = []
  }

  #flush(): void {
    if (this.#flying || this.#stopped || this.#queue.length === 0) return
    const batch = this.#queue
    this.#queue = []
    this.#flying = true
    const head = batch.findLast((item) => item.head !== undefined)?.head
    commit(this.#deps, {
      id: `${this.#batchIds}-${++this.#batches}`,
      fence: this.#fence,
      entries: [{ stream: this.#stream, entries: batch.map((item) => item.entry) }],
      ...(head !== undefined && { heads: [head] }),
    }).then(
      (result) => {
        this.#flying = false
        if (this.#stopped) return
        let position = (result.positions[this.#stream] ?? 0) - batch.length
        for (const item of batch) item.committed(++position)
        this.#flush()
        if (this.idle) this.#onIdle()
      },
      (error: unknown) => {
        this.#flying = false
        if (!this.#stopped) this.#onFailure(error)
      },
    )
  }
}
