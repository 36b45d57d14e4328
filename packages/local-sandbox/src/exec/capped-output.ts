import type { Readable } from 'node:stream'

/** What a stream gave, up to a cap. */
export interface CappedOutput {
  /** Exactly the cap when there was more. */
  bytes(): Uint8Array
  readonly truncated: boolean
  /** Takes nothing more and lets go of the pipe: a writer must not keep this process busy after the end. */
  stop(): void
  /** Settles when the pipe is closed. */
  readonly closed: Promise<void>
}

/**
 * Collects a stream. What is over the cap is read and dropped, so that the command goes on, but slowly: each piece is garbage of this
 * process, and a flood is faster than its collection.
 */
export function collectOutput(stream: Readable, cap: number): CappedOutput {
  const chunks: Buffer[] = []
  let size = 0
  let truncated = false
  stream.on('data', (chunk: Buffer) => {
    const room = cap - size
    if (chunk.length > room) truncated = true
    if (room <= 0) {
      slowDown(stream)
      return
    }
    // A copy: a chunk that is kept in part, or is small, would hold the whole buffer that it was read into.
    const kept = Buffer.from(chunk.length > room ? chunk.subarray(0, room) : chunk)
    chunks.push(kept)
    size += kept.length
  })
  stream.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => {
    if (stream.closed) resolve()
    else
      stream.once('close', () => {
        resolve()
      })
  })
  return {
    bytes: () => new Uint8Array(Buffer.concat(chunks)),
    get truncated() {
      return truncated
    },
    stop: () => {
      stream.destroy()
    },
    closed,
  }
}

/** With pieces of 64 KiB some 13 MB each second: what a flood leaves behind is collected in time on a busy machine, too. */
const pieceMs = 5

function slowDown(stream: Readable): void {
  stream.pause()
  setTimeout(() => {
    stream.resume()
  }, pieceMs)
}
