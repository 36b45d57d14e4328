import type { Budget } from '../define/budget.ts'
import type { ParkedRecord } from '../history/event.ts'
import type { Timer } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import type { Cancellation } from './signal.ts'

/** What holds a step back until something other than time changes. */
export interface ParkedFor {
  /** Whether it is gone. */
  isReady(): boolean
  /** What is missing; asked for when the run suspends, because until then others may give it. */
  needs(): Budget
}

interface Parked {
  readonly record: ParkedRecord
  timer: Timer | undefined
  stopListening: () => void
  /** Absent when only time lets it go on. */
  readonly cause: ParkedFor | undefined
  readonly resolve: (goesOn: boolean) => void
}

/**
 * The steps of one attempt that cannot go on now, for a reason that time or a command removes. A parked step is at
 * rest: when nothing else moves, the run suspends and holds no process. It is recorded by nothing of its own, so a
 * replay asks for the step again and parks it again if the reason still holds.
 */
export class ParkedSteps {
  readonly #attempt: Attempt
  readonly #parked = new Set<Parked>()

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  get size(): number {
    return this.#parked.size
  }

  /** In the order in which they were parked. */
  get records(): ParkedRecord[] {
    return [...this.#parked].map(({ record, cause }) =>
      cause ? { ...record, needs: cause.needs() } : record,
    )
  }

  /** When the first of them is due by itself. */
  get dueAt(): number | undefined {
    const due = [...this.#parked].flatMap(({ record }) => record.dueAt ?? [])
    return due.length === 0 ? undefined : Math.min(...due)
  }

  /** Resolves with true when the step goes on, with false when its scope was aborted, and never after a suspension. */
  park(record: ParkedRecord, cancellation: Cancellation, cause?: ParkedFor): Promise<boolean> {
    const attempt = this.#attempt
    if (attempt.over || cancellation.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const parked: Parked = { record, timer: undefined, stopListening: () => undefined, cause, resolve }
      this.#parked.add(parked)
      if (record.dueAt !== undefined) {
        const delay = Math.max(0, record.dueAt - attempt.platform.now())
        parked.timer = attempt.platform.timer(delay, () =>
          attempt.releases.whenOpen(() => this.#goOn(parked, true)),
        )
      }
      parked.stopListening = cancellation.onAbort(() => this.#goOn(parked, false))
      attempt.end()
    })
  }

  /** Something that steps may be parked for has changed: those that can go on do, the first parked first. */
  wake(): void {
    for (const parked of [...this.#parked]) if (parked.cause?.isReady() === true) this.#goOn(parked, true)
  }

  /** The attempt is over: nothing goes on any more. */
  clear(): void {
    for (const parked of this.#parked) {
      parked.timer?.cancel()
      parked.stopListening()
    }
    this.#parked.clear()
  }

  #goOn(parked: Parked, goesOn: boolean): void {
    if (this.#attempt.over || !this.#parked.delete(parked)) return
    parked.timer?.cancel()
    parked.stopListening()
    this.#attempt.begin()
    this.#attempt.releases.touch()
    parked.resolve(goesOn)
  }
}
