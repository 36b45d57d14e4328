import type { TransientEvent } from '../history/event.ts'

/** Transient events kept for one reader before the oldest is dropped. */
export const readerBuffer = 1_024

/** A place in the queue where the journal has to be read, as far as was committed then. */
export interface WakeMark {
  readonly type: 'wake'
  upTo: number
}

/**
 * What waits for one reader, in the order in which it happened: transient events, and marks between them. Marks are
 * never dropped. Taking and dropping cost the same however much waits.
 */
export class ReaderQueue {
  #items: (TransientEvent | WakeMark | undefined)[] = []
  #head = 0
  #transient = 0
  /** Transient events that were dropped since `takeDropped`. */
  #dropped = 0

  get empty(): boolean {
    return this.#head === this.#items.length
  }

  /** Whether events were dropped where the head is now. */
  get hasDropped(): boolean {
    return this.#dropped > 0
  }

  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  push(event: TransientEvent): void {
    this.#items.push(event)
    if (++this.#transient > readerBuffer) this.#dropOldest()
  }

  /** Asks for the journal to be read up to a position, behind all that waits. */
  mark(upTo: number): void {
    const last = this.#items.at(-1)
    if (!this.empty && last?.type === 'wake') last.upTo = Math.max(last.upTo, upTo)
    else this.#items.push({ type: 'wake', upTo })
  }

  /** Asks for the journal to be read before anything that waits. */
  markFirst(upTo: number): void {
    if (this.#head === 0) this.#items.unshift({ type: 'wake', upTo })
    else this.#items[--this.#head] = { type: 'wake', upTo }
  }

  /** Whether the journal has to be read beyond a position. */
  marksBeyond(position: number): boolean {
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at]
      if (item?.type === 'wake' && item.upTo > position) return true
    }
    return false
  }

  /** The next item, when it is an event. */
  takeEvent(): TransientEvent | undefined {
    const item = this.#items[this.#head]
    if (item === undefined || item.type === 'wake') return undefined
    this.#transient--
    this.#advance()
    return item
  }

  take(): TransientEvent | WakeMark | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    if (item.type !== 'wake') this.#transient--
    this.#advance()
    return item
  }

  #advance(): void {
    this.#items[this.#head++] = undefined
    if (this.#head < this.#items.length) return
    this.#items.length = 0
    this.#head = 0
  }

  #dropOldest(): void {
    let at = this.#head
    while (this.#items[at]?.type === 'wake') at++
    // Marks before the oldest event are few; they move up over its place.
    for (; at > this.#head; at--) this.#items[at] = this.#items[at - 1]
    this.#items[this.#head++] = undefined
    this.#transient--
    this.#dropped++
    if (this.#head >= readerBuffer) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
  }
}
