import { inboxStream, runStream } from '../feed/streams.ts'
import type { LiveRun } from './live-run.ts'

/** A run that goes for another one. */
interface DroppedRun {
  readonly runId: string
  /** Its key at the workspaces. */
  readonly files: string | undefined
  readonly streams: readonly string[]
}

/** The runs that this process holds a handle of and has not seen the end of. */
export class LiveRuns {
  readonly #runs = new Map<string, LiveRun>()
  /** Each with its key at the workspaces, where it may be known there. */
  readonly #finished = new Map<string, string | undefined>()
  readonly #turns = new Map<string, Promise<void>>()
  readonly #keepFinished: number

  /** @param keepFinished how many finished runs a store of bounded size keeps */
  constructor(keepFinished: number | undefined) {
    this.#keepFinished = keepFinished ?? Infinity
  }

  get(runId: string): LiveRun | undefined {
    return this.#runs.get(runId)
  }

  /** Calls for one run come one after the other, so that the second joins what the first began. */
  async inTurn<T>(runId: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#turns.get(runId) ?? Promise.resolve()).then(work)
    const settled = result.then(
      () => undefined,
      () => undefined,
    )
    this.#turns.set(runId, settled)
    try {
      return await result
    } finally {
      if (this.#turns.get(runId) === settled) this.#turns.delete(runId)
    }
  }

  add(run: LiveRun): void {
    this.#runs.set(run.runId, run)
    // A failed run that goes on is not a finished one.
    this.#finished.delete(run.runId)
    void run.done.then(() => {
      if (this.#runs.get(run.runId) === run) this.#runs.delete(run.runId)
    })
  }

  /** All of them, for shutdown. */
  all(): LiveRun[] {
    return [...this.#runs.values()]
  }

  ofSession(sessionId: string): LiveRun[] {
    return this.all().filter((run) => run.sessionId === sessionId)
  }

  /** The run that a bounded store drops in the batch that finishes another one. */
  oldestToDrop(): DroppedRun | undefined {
    if (this.#finished.size < this.#keepFinished) return undefined
    const [oldest] = this.#finished
    if (oldest === undefined) return undefined
    const [runId, files] = oldest
    return { runId, files, streams: [runStream(runId), inboxStream(runId)] }
  }

  /** A run finished, and the oldest one was dropped for it if there was one to drop. */
  retire(runId: string, files: string | undefined, dropped: string | undefined): void {
    if (this.#keepFinished === Infinity) return
    if (dropped !== undefined) this.#finished.delete(dropped)
    this.#finished.delete(runId)
    this.#finished.set(runId, files)
  }
}
