import { Worker } from 'node:worker_threads'
import { DocumentError } from './document-error.ts'

/** Long enough for any honest pattern over all documents. */
const timeLimitMs = 2_000

/** Beside this file, built or not. */
const workerFile = import.meta.url.endsWith('.ts')
  ? new URL('./pattern-worker.ts', import.meta.url)
  : new URL('./pattern-worker.js', import.meta.url)

/** What the worker answers to the lines of one document. */
export type PatternAnswer = { readonly indexes: readonly number[] } | { readonly invalid: string }

/** Finds the lines that match. */
export type LineMatcher = (lines: readonly string[]) => Promise<readonly number[]>

/**
 * Gives `use` a matcher for a pattern that a model wrote. Some patterns take exponential time and nothing can
 * stop them from within, so they run in a thread that is ended when its time is over. Throws `DocumentError`.
 */
export async function withPattern<T>(
  pattern: string,
  signal: AbortSignal,
  use: (match: LineMatcher) => Promise<T>,
): Promise<T> {
  const worker = new Worker(workerFile, {
    workerData: pattern,
    // The thread needs nothing of the process, and its heap is bounded.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  })
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => undefined)
  const onAbort = (): void => ended.reject(signal.reason as Error)
  const timer = setTimeout(() => {
    ended.reject(
      new DocumentError(
        `The pattern took longer than ${timeLimitMs} ms: use a simpler one, or a literal text.`,
      ),
    )
  }, timeLimitMs)
  signal.addEventListener('abort', onAbort, { once: true })
  worker.once('error', ended.reject)
  const match: LineMatcher = async (lines) => {
    const answer = new Promise<PatternAnswer>((resolve) => worker.once('message', resolve))
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(lines)
    const outcome = await Promise.race([answer, ended.promise])
    if ('invalid' in outcome)
      throw new DocumentError(`The pattern is not a regular expression: ${outcome.invalid}`)
    return outcome.indexes
  }
  try {
    return await use(match)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    await worker.terminate()
  }
}
