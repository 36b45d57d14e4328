import { parentPort, workerData } from 'node:worker_threads'

/** What the thread searches for. */
export interface LineSearchJob {
  readonly source: string
  readonly flags: string
  /** UTF-16 units that are given of a line. */
  readonly lineUnits: number
}

/** Files of one message, one after the other in one buffer. */
export interface LineSearchBatch {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where each file ends. */
  readonly ends: readonly number[]
  /** Lines that are still wanted. */
  readonly wanted: number
}

/** A line that matches in the file of this number in its batch. */
export interface FoundLine {
  readonly file: number
  readonly line: number
  readonly text: string
}

/** What the thread says of a batch. */
export type LineSearchAnswer = { readonly found: readonly FoundLine[] } | { readonly fault: string }

/** So many bytes decide whether a file is text, as other tools do it. */
const binaryPrefix = 8_192

/** The thread of `searchLines`: one message in for each batch, one out. */
function searcher({
  source,
  flags,
  lineUnits,
}: LineSearchJob): (batch: LineSearchBatch) => readonly FoundLine[] {
  const pattern = new RegExp(source, flags)
  const decoder = new TextDecoder()

  function search(file: number, bytes: Uint8Array, wanted: number): FoundLine[] {
    const found: FoundLine[] = []
    if (bytes.subarray(0, binaryPrefix).includes(0)) return found
    const text = decoder.decode(bytes)
    for (let line = 1, begin = 0; begin < text.length && found.length < wanted; line += 1) {
      const feed = text.indexOf('\n', begin)
      const next = feed < 0 ? text.length : feed
      const end = feed > begin && text[feed - 1] === '\r' ? feed - 1 : next
      const content = text.slice(begin, end)
      if (pattern.test(content)) found.push({ file, line, text: cut(content) })
      begin = next + 1
    }
    return found
  }

  /** Half of a surrogate pair is no text. */
  function cut(content: string): string {
    const kept = content.slice(0, lineUnits)
    return content.length > lineUnits && !kept.isWellFormed() ? kept.slice(0, -1) : kept
  }

  return ({ bytes, ends, wanted }) => {
    const found: FoundLine[] = []
    for (const [file, end] of ends.entries()) {
      if (found.length >= wanted) break
      found.push(...search(file, bytes.subarray(ends[file - 1] ?? 0, end), wanted - found.length))
    }
    return found
  }
}

function answer(search: ReturnType<typeof searcher>, batch: LineSearchBatch): LineSearchAnswer {
  try {
    return { found: search(batch) }
  } catch (error) {
    // The engine gives up on an expression that is too large or goes too deep when it first runs.
    return { fault: error instanceof Error ? error.message : 'unknown' }
  }
}

const search = searcher(workerData as LineSearchJob)
parentPort?.on('message', (batch: LineSearchBatch) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer(search, batch))
})
