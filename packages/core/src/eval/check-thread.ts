import { Worker } from 'node:worker_threads'
import { nodePlatform } from '../platform/node-platform.ts'
import type { Timer } from '../ports/index.ts'
import type { CheckJob, CheckMessage } from './check-worker.ts'

/** How a check ended. */
export type CheckAnswer =
  { readonly timedOut: true } | { readonly timedOut: false; readonly fault: string | undefined }

/** Beside this file, built or not. */
const workerFile = import.meta.url.endsWith('.ts')
  ? new URL('./check-worker.ts', import.meta.url)
  : new URL('./check-worker.js', import.meta.url)

interface Thread {
  readonly worker: Worker
  /** Starting takes time that is not the check's. */
  readonly ready: Promise<void>
}

/**
 * Runs a check that may not come to an end in a thread of its own, one value after the other. The thread starts
 * with the first check, never keeps the process alive, and is replaced after a check that took too long.
 */
export class CheckThread {
  readonly timeoutMs: number
  readonly #job: CheckJob
  readonly #timer = nodePlatform().timer
  #thread: Thread | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(job: CheckJob, timeoutMs: number) {
    this.#job = job
    this.timeoutMs = timeoutMs
  }

  /** Checks one value. Throws the signal's reason when it is aborted, and what the thread died of. */
  check(value: unknown, signal?: AbortSignal): Promise<CheckAnswer> {
    const turn = this.#last.then(() => this.#checkNow(value, signal))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.worker.terminate()
  }

  async #checkNow(value: unknown, signal: AbortSignal | undefined): Promise<CheckAnswer> {
    signal?.throwIfAborted()
    const { worker, ready } = (this.#thread ??= start(this.#job))
    const end = Promise.withResolvers<CheckAnswer>()
    const onMessage = (message: CheckMessage): void => {
      if (message.kind === 'checked') end.resolve({ timedOut: false, fault: message.fault })
    }
    const onAbort = (): void => end.reject(signal?.reason as Error)
    let timer: Timer | undefined
    worker.ref()
    worker.on('message', onMessage).once('error', end.reject)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await Promise.race([ready, end.promise])
      timer = this.#timer(this.timeoutMs, () => end.resolve({ timedOut: true }))
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage(value)
      const answer = await end.promise
      if (answer.timedOut) await this.close()
      return answer
    } catch (error) {
      // A thread that died, or that still works on what nobody waits for, answers no further value.
      await this.close()
      throw error
    } finally {
      timer?.cancel()
      signal?.removeEventListener('abort', onAbort)
      worker.off('message', onMessage).off('error', end.reject).unref()
    }
  }
}

function start(job: CheckJob): Thread {
  const worker = new Worker(workerFile, {
    workerData: job,
    // The thread needs nothing of the process, and its heap is bounded.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  })
  const ready = new Promise<void>((resolve) => {
    const onMessage = (message: CheckMessage): void => {
      if (message.kind !== 'ready') return
      worker.off('message', onMessage)
      resolve()
    }
    worker.on('message', onMessage)
  })
  return { worker, ready }
}
