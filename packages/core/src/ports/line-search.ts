import { PortError, sandboxErrorCodes } from './errors.ts'
import { lineSearchThread, type LineSearchThread } from './line-search-thread.ts'
import type { LineSearchBatch } from './line-search-worker.ts'
import type { Platform } from './platform.ts'
import type { GrepOptions, LineMatch } from './sandbox.ts'
import { optionWithin, sandboxBounds, sandboxLimits } from './sandbox-bounds.ts'

/** A file to search, as its adapter has read it. */
export interface SearchedFile {
  readonly path: string
  /** Absent: left out, because it is larger than `sandboxLimits.textBytes`. */
  readonly bytes?: Uint8Array
}

/** What a search needs beside the files. */
export interface LineSearch extends Pick<GrepOptions, 'ignoreCase' | 'limit' | 'timeoutMs' | 'signal'> {
  readonly pattern: string
  readonly timer: Platform['timer']
}

/** A batch is worth a message; one file may be larger. */
const batchBytes = 1_048_576
const batchFiles = 256

/**
 * Searches the lines of files for a regular expression, for `grep`. The files come in the order in which their lines are
 * to be given, and are asked for as fast as they are searched. Expressions run in a thread that is ended at the limit, at
 * an abort and at the end, so that none of them holds up the process. A source that is not read to its end is closed
 * with `return`. Throws as `grep` does, and what the source throws.
 */
export async function searchLines(
  search: LineSearch,
  files: AsyncIterable<SearchedFile>,
): Promise<{ readonly matches: readonly LineMatch[]; readonly truncated: boolean }> {
  const { pattern, ignoreCase = false, signal, timer } = search
  const flags = ignoreCase ? 'iu' : 'u'
  checkExpression(pattern, flags)
  const limit = optionWithin('limit', search.limit, sandboxBounds.grepLimit)
  const timeoutMs = optionWithin('timeoutMs', search.timeoutMs, sandboxBounds.grepTimeoutMs)
  signal?.throwIfAborted()
  const cut = Promise.withResolvers<never>()
  const onAbort = (): void => cut.reject(signal?.reason as Error)
  signal?.addEventListener('abort', onAbort, { once: true })
  const clock = timer(timeoutMs, () => cut.reject(timeError(timeoutMs)))
  const job = { source: pattern, flags, lineUnits: sandboxLimits.lineUnits }
  const starting = lineSearchThread(job)
  // Heard of by whoever waits for it; nobody does while the first files are read.
  starting.catch(() => undefined)
  const walk = new SearchWalk(files[Symbol.asyncIterator](), limit)
  try {
    return await Promise.race([cut.promise, walk.run(starting)])
  } finally {
    clock.cancel()
    signal?.removeEventListener('abort', onAbort)
    walk.stop()
    await starting.then((thread) => thread.close())
  }
}

/** The way through the files: the next batch is read while the thread searches the one before. */
class SearchWalk {
  readonly #files: AsyncIterator<SearchedFile>
  readonly #limit: number
  readonly #matches: LineMatch[] = []
  #left: number = sandboxLimits.searchedBytes
  #isTruncated = false
  #isRead = false
  #isStopped = false

  constructor(files: AsyncIterator<SearchedFile>, limit: number) {
    this.#files = files
    this.#limit = limit
  }

  async run(
    starting: Promise<LineSearchThread>,
  ): Promise<{ readonly matches: readonly LineMatch[]; readonly truncated: boolean }> {
    let batch = await this.#next()
    const thread = await starting
    while (batch.length > 0 && this.#matches.length <= this.#limit) {
      const searched = batch
      // A source that fails meanwhile is heard of below.
      const reading = this.#next().then(
        (next) => ({ next }),
        (error: unknown) => ({ error }),
      )
      // One more than wanted tells whether there are more.
      const found = await thread.search(packed(searched, this.#limit + 1 - this.#matches.length))
      for (const { file, line, text } of found) {
        const { path } = searched[file] ?? { path: '' }
        this.#matches.push({ path, line, text })
      }
      if (this.#matches.length > this.#limit) break
      const read = await reading
      if ('error' in read) throw read.error
      batch = read.next
    }
    const isMore = this.#matches.length > this.#limit
    return { matches: this.#matches.slice(0, this.#limit), truncated: this.#isTruncated || isMore }
  }

  /** Nothing more is asked for. What the source still does is its own matter. */
  stop(): void {
    this.#isStopped = true
    if (this.#isRead) return
    this.#isRead = true
    void Promise.resolve(this.#files.return?.()).catch(() => undefined)
  }

  async #next(): Promise<readonly Required<SearchedFile>[]> {
    const batch: Required<SearchedFile>[] = []
    let size = 0
    while (size < batchBytes && batch.length < batchFiles && !this.#isRead && !this.#isStopped) {
      const next = await this.#files.next()
      if (next.done === true) {
        this.#isRead = true
        break
      }
      const { path, bytes } = next.value
      if (bytes === undefined || bytes.length > sandboxLimits.textBytes) {
        this.#isTruncated = true
      } else if (bytes.length > this.#left) {
        this.#isTruncated = true
        this.stop()
      } else {
        this.#left -= bytes.length
        size += bytes.length
        batch.push({ path, bytes })
      }
    }
    return batch
  }
}

/** One buffer of its own that can be handed over: the bytes of a caller may lie in a pool. */
function packed(files: readonly Required<SearchedFile>[], wanted: number): LineSearchBatch {
  const bytes = new Uint8Array(files.reduce((sum, file) => sum + file.bytes.length, 0))
  const ends: number[] = []
  let end = 0
  for (const file of files) {
    bytes.set(file.bytes, end)
    end += file.bytes.length
    ends.push(end)
  }
  return { bytes, ends, wanted }
}

function checkExpression(pattern: string, flags: string): void {
  if (typeof pattern !== 'string' || pattern === '' || pattern.length > sandboxLimits.patternUnits) {
    throw new TypeError(`The expression has to be a text of 1 to ${sandboxLimits.patternUnits} UTF-16 units.`)
  }
  try {
    void new RegExp(pattern, flags)
  } catch (cause) {
    throw new TypeError('The expression is no regular expression of JavaScript with the flag u.', { cause })
  }
}

function timeError(timeoutMs: number): PortError<'sandbox/limit'> {
  return new PortError({
    code: sandboxErrorCodes.limit,
    message: `The search took longer than ${timeoutMs} ms. Search fewer files, or for something simpler.`,
    meta: { reason: 'time', timeoutMs },
  })
}
