import type { Worker } from 'node:worker_threads'
import { PortError, sandboxErrorCodes } from './errors.ts'
import type { FoundLine, LineSearchAnswer, LineSearchBatch, LineSearchJob } from './line-search-worker.ts'

/** Beside this file, built or not. */
const workerFile = import.meta.url.endsWith('.ts')
  ? new URL('./line-search-worker.ts', import.meta.url)
  : new URL('./line-search-worker.js', import.meta.url)

/** A thread that searches. An expression that never comes to an end is ended with it. */
export interface LineSearchThread {
  /** One at a time. Rejects when the thread died, also of too little memory. */
  search(batch: LineSearchBatch): Promise<readonly FoundLine[]>
  close(): Promise<void>
}

/** Starts a thread. Those who never search do not load what it needs. */
export async function lineSearchThread(job: LineSearchJob): Promise<LineSearchThread> {
  const { Worker } = await import('node:worker_threads')
  const worker = new Worker(workerFile, {
    workerData: job,
    // The thread needs nothing of the process, and its heap is bounded.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 192 },
  })
  return {
    search: (batch) => ask(worker, batch),
    close: async () => {
      await worker.terminate()
    },
  }
}

async function ask(worker: Worker, batch: LineSearchBatch): Promise<readonly FoundLine[]> {
  const end = Promise.withResolvers<LineSearchAnswer>()
  const onError = (error: unknown): void => end.reject(threadError(error))
  const onExit = (): void => end.reject(threadError())
  worker.on('message', end.resolve).on('error', onError).on('exit', onExit)
  try {
    worker.postMessage(batch, [batch.bytes.buffer])
    const answer = await end.promise
    if ('fault' in answer) throw new TypeError(`The expression cannot be run: ${answer.fault}.`)
    return answer.found
  } finally {
    worker.off('message', end.resolve).off('error', onError).off('exit', onExit)
  }
}

function threadError(cause?: unknown): PortError<'sandbox/limit' | 'sandbox/io'> {
  if ((cause as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new PortError({
      code: sandboxErrorCodes.limit,
      message: 'The search took more memory than it may. Search for something simpler.',
      meta: { reason: 'memory' },
      cause,
    })
  }
  return new PortError({ code: sandboxErrorCodes.io, message: 'The thread that searches has ended.', cause })
}
