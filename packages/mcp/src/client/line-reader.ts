const newline = 10

/** How much of a line that is too long is looked at for the id of its message. */
const edgeBytes = 1_024

/** A line, or the two ends of one that was too long to keep. */
export type Line = { readonly text: string } | { readonly head: string; readonly tail: string }

/** Cuts bytes into lines, and holds at most `maxBytes` of one. */
export class LineReader {
  readonly #maxBytes: number
  #parts: Buffer[] = []
  #length = 0
  /** The first bytes of a line that is too long; its last ones are in `#parts`. */
  #head: Buffer | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The lines that end in these bytes. */
  *push(bytes: Uint8Array): Generator<Line> {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (;;) {
      const end = rest.indexOf(newline)
      if (end === -1) break
      this.#add(rest.subarray(0, end))
      yield this.#take()
      rest = rest.subarray(end + 1)
    }
    if (rest.length > 0) this.#add(rest)
  }

  #add(part: Buffer): void {
    this.#length += part.length
    this.#parts.push(part)
    if (this.#length <= this.#maxBytes) return
    const whole = this.#parts.length === 1 ? part : Buffer.concat(this.#parts)
    // Copies, so that the parts can go.
    this.#head ??= Buffer.from(whole.subarray(0, edgeBytes))
    this.#parts = [Buffer.from(whole.subarray(-edgeBytes))]
  }

  #take(): Line {
    const [first] = this.#parts
    const last = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts)
    const head = this.#head
    this.#parts = []
    this.#length = 0
    this.#head = undefined
    return head === undefined
      ? { text: last.toString('utf8') }
      : { head: head.toString('utf8'), tail: last.toString('utf8') }
  }
}
