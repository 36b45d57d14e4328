import { checkOptions } from '../define/check.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { Timer } from '../ports/index.ts'
import type { Engine } from '../run/engine.ts'
import type { RunHandle } from '../run/handle.ts'
import { recover } from './recover.ts'

/** How a worker looks for work. */
export interface WorkerOptions {
  /** Runs at once. Default 4. */
  readonly concurrency?: number
  /** Milliseconds between two looks. Default 1,000. */
  readonly pollMs?: number
}

/** A loop that goes on with recoverable runs until it is stopped. */
export interface Worker {
  /** Takes no new runs; resolves when the look under way is over. Runs under way go on. */
  stop(): Promise<void>
}

/** A run whose code does not fit its journal is left alone for this long before it is tried again. */
const divergedBackoffMs = 60_000

/** Starts a worker. */
export function startWorker(engine: Engine, options: WorkerOptions = {}): Worker {
  checkOptions('worker', options as Readonly<Record<string, unknown>>, {
    concurrency: 'count',
    pollMs: 'count',
  })
  const concurrency = options.concurrency ?? 4
  const pollMs = options.pollMs ?? 1_000
  const backoff = new Map<string, number>()
  let running = 0
  let stopped = false
  let timer: Timer | undefined
  const watch = (handle: RunHandle): void => {
    running++
    const release = (error?: unknown): void => {
      running--
      if (HarnessError.is(error, 'run/diverged'))
        backoff.set(handle.id, engine.platform.now() + divergedBackoffMs)
    }
    // A run that suspends again leaves its place to others.
    const attempt = engine.live.get(handle.id)?.attempt
    if (attempt === undefined) return release()
    void attempt.finished.then((end) => {
      release(end.end === 'stopped' ? end.error : undefined)
    })
  }
  const look = async (): Promise<void> => {
    try {
      if (running < concurrency) {
        const now = engine.platform.now()
        for (const [runId, until] of backoff) if (until <= now) backoff.delete(runId)
        const skip = (runId: string): boolean => backoff.has(runId)
        const result = await recover(engine, { limit: concurrency - running, skip })
        for (const handle of result.resumed) watch(handle)
      }
    } catch (error) {
      engine.logger.error('worker could not look for runs', {
        message: error instanceof Error ? error.message : String(error),
      })
    }
    if (!stopped && !engine.closing.aborted) {
      timer = engine.platform.timer(pollMs, () => {
        looking = look()
      })
    }
  }
  let looking = look()
  const onClosing = (): void => void stop()
  const stop = async (): Promise<void> => {
    stopped = true
    timer?.cancel()
    engine.closing.removeEventListener('abort', onClosing)
    await looking
  }
  engine.closing.addEventListener('abort', onClosing, { once: true })
  return { stop }
}
