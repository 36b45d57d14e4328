import type { Timer } from '@belay/core/ports'

interface Waiting {
  readonly dueAt: number
  readonly fire: () => void
}

/** Timers in the order in which they are due; equal ones in the order in which they were set. */
export interface ManualTimers {
  set(dueAt: number, fire: () => void): Timer
  /** When the next one is due. */
  nextDueAt(): number | undefined
  /** Takes out the next one and fires it. */
  fireNext(): void
  count(): number
}

/** No timers yet. */
export function manualTimers(): ManualTimers {
  const waiting: Waiting[] = []
  return {
    set: (dueAt, fire) => {
      const timer: Waiting = { dueAt, fire }
      // Most timers are due last, so the place is looked for from the end.
      let index = waiting.length
      while (index > 0 && (waiting[index - 1] as Waiting).dueAt > dueAt) index -= 1
      waiting.splice(index, 0, timer)
      return {
        cancel: () => {
          const at = waiting.indexOf(timer)
          if (at >= 0) waiting.splice(at, 1)
        },
      }
    },
    nextDueAt: () => waiting[0]?.dueAt,
    fireNext: () => waiting.shift()?.fire(),
    count: () => waiting.length,
  }
}
