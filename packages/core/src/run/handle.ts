import { follow } from '../feed/follow.ts'
import { runStream } from '../feed/streams.ts'
import type { RunEvent } from '../history/event.ts'
import { sendCommand } from './commands.ts'
import type { Engine } from './engine.ts'
import type { LiveRun } from './live-run.ts'
import { whileOpen } from './open.ts'

/** A run that was asked for. `run` and `stream` are views of this. */
export interface RunHandle<Output = unknown> {
  readonly id: string
  /**
   * The output, or the error of the run. Pending while the run is suspended; asking for it keeps the process
   * alive until then. Never raises an unhandled rejection.
   */
  readonly result: Promise<Output>
  /**
   * Events of the run: committed ones after a position (default 0: all) in order and without a gap, merged with
   * transient ones as they happen. Leaving the loop detaches this reader alone and never cancels the run.
   */
  events(options?: { readonly after?: number }): AsyncIterableIterator<RunEvent>
  /** Records a cancel; resolves once it is recorded. `result` rejects with `run/cancelled` when it took effect. */
  cancel(reason?: string): Promise<void>
}

/** The handle of a run of this process. */
export function createHandle(engine: Engine, live: LiveRun): RunHandle {
  return new LiveHandle(engine, live)
}

/**
 * A class for the sake of its getter: V8 keeps the getter of an object literal in the hidden class of that one
 * object, which is old from its beginning and so keeps the whole run until the next full collection.
 */
class LiveHandle implements RunHandle {
  readonly id: string
  readonly events: RunHandle['events']
  readonly cancel: RunHandle['cancel']
  readonly #live: LiveRun

  constructor(engine: Engine, live: LiveRun) {
    const { runId } = live
    this.#live = live
    this.id = runId
    this.events = (options) => followRun(engine, runId, options?.after ?? 0)
    this.cancel = (reason) =>
      whileOpen(engine, () =>
        sendCommand(engine, runId, { type: 'cancel', ...(reason !== undefined && { reason }) }),
      )
  }

  get result(): Promise<unknown> {
    this.#live.want()
    return this.#live.result
  }
}

/** Follows any run of the store, live here or not. */
export function followRun(engine: Engine, runId: string, after: number): AsyncIterableIterator<RunEvent> {
  const live = engine.live.get(runId)
  return follow(
    {
      journal: engine.journal,
      hub: engine.hub,
      platform: engine.platform,
      runId,
      signal: engine.closing,
      hasEnded: async () => {
        const [head] = await engine.journal.heads({ streams: [runStream(runId)] })
        return head === undefined || (head.state !== 'running' && head.state !== 'suspended')
      },
      isLocal: () => engine.live.get(runId)?.attempt !== undefined || !engine.shared,
      ...(live !== undefined && { deltas: live.deltas, opened: () => live.read() }),
    },
    after,
  )
}
