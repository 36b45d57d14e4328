import type { SimProcess } from './sim-process.ts'

/** What a seed gives: the same numbers on every machine. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Something that will happen at a virtual time. */
export interface SimEvent {
  readonly time: number
  readonly order: number
  readonly run: () => void
  /** The process that it belongs to; it never happens once that process is dead. */
  readonly owner: SimProcess | undefined
  /** Polls and renewals: they go on for ever and keep no simulation going. */
  readonly background: boolean
}

/** Virtual time. Every event is one real macrotask, so microtasks behave as they do in a real process. */
export class Simulation {
  readonly random: () => number
  now = 0
  /** Until then polls go on although nothing else is to happen, because somebody has to notice something. */
  quietAfter = 0
  #order = 0
  #foreground = 0
  /** Latest first, so that the next event is taken from the end. */
  #queue: SimEvent[] = []

  constructor(seed: number) {
    this.random = randomFrom(seed)
  }

  at(delay: number, run: () => void, options: { owner?: SimProcess; background?: boolean } = {}): SimEvent {
    const { owner, background = false } = options
    const event = { time: this.now + delay, order: this.#order++, run, owner, background }
    this.#insert(event)
    return event
  }

  cancel(event: SimEvent): void {
    const index = this.#queue.indexOf(event)
    if (index < 0) return
    this.#queue.splice(index, 1)
    if (!event.background) this.#foreground--
  }

  /** Everything that a process was about to do does not happen. */
  forget(owner: SimProcess): void {
    this.#queue = this.#queue.filter((event) => event.owner !== owner)
    this.#foreground = this.#queue.filter((event) => !event.background).length
  }

  /** Runs until nothing is left to happen; false when that takes more than `limit` events. */
  async drain(limit: number): Promise<boolean> {
    // What was just started reaches its first event.
    await macrotask()
    for (
      let turns = 0;
      this.#foreground > 0 || (this.now < this.quietAfter && this.#queue.length > 0);
      turns++
    ) {
      if (turns > limit) return false
      const event = this.#queue.pop() as SimEvent
      if (!event.background) this.#foreground--
      this.now = event.time
      const wakesAt = event.owner?.pausedUntil ?? 0
      if (wakesAt > this.now) this.#insert({ ...event, time: wakesAt })
      else {
        event.run()
        await macrotask()
      }
    }
    return true
  }

  #insert(event: SimEvent): void {
    let index = this.#queue.length
    while (isBefore(this.#queue[index - 1], event)) index--
    this.#queue.splice(index, 0, event)
    if (!event.background) this.#foreground++
  }
}

function isBefore(left: SimEvent | undefined, right: SimEvent): boolean {
  if (left === undefined) return false
  return left.time < right.time || (left.time === right.time && left.order < right.order)
}

function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
