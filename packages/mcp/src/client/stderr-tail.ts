/** Enough for the stack of a crash. */
const maxBytes = 65_536

/** Reads to the end, whatever comes, and keeps the last 64 KiB. */
export class StderrTail {
  #parts: Uint8Array[] = []
  #kept = 0

  /** Never rejects. */
  async drain(
    stream: ReadableStream<Uint8Array>,
    onText: ((text: string) => void) | undefined,
  ): Promise<void> {
    const decoder = onText === undefined ? undefined : new TextDecoder()
    try {
      for await (const part of stream as AsyncIterable<Uint8Array>) {
        this.#keep(part)
        if (decoder !== undefined) tell(onText, decoder.decode(part, { stream: true }))
      }
    } catch {
      // The process was ended.
    }
  }

  get text(): string {
    return Buffer.concat(this.#parts).subarray(-maxBytes).toString('utf8')
  }

  #keep(part: Uint8Array): void {
    const last = part.length > maxBytes ? part.slice(-maxBytes) : part
    this.#parts.push(last)
    this.#kept += last.length
    while (this.#kept - (this.#parts[0]?.length ?? 0) >= maxBytes) {
      this.#kept -= this.#parts[0]?.length ?? 0
      this.#parts.shift()
    }
  }
}

/** What the application does with it must not end the reading. */
function tell(onText: ((text: string) => void) | undefined, text: string): void {
  try {
    if (text !== '') onText?.(text)
  } catch {
    // Its own affair.
  }
}
