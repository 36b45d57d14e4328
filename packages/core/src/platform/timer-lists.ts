import type { Timer, TimerOptions } from '../ports/index.ts'

/** setTimeout fires at once for a longer delay, so longer ones are cut into pieces. */
const longestTimeout = 2_147_483_647

/**
 * Limits are armed for every run, model call and tool, and nearly all of them are taken back before they are due. Those
 * that are this long share one timer of Node for each length, so that arming and cancelling one is a change
 * of a list.
 */
const shortestShared = 1_000

/** Lengths come from code; when there are too many of them, each timer is one of Node again. */
const mostLists = 64

/** Timers that keep the process alive and do not, with any delay. */
export function timerLists(): (delayMs: number, fire: () => void, options?: TimerOptions) => Timer {
  const lists = new Map<string, TimerList>()
  return (delayMs, fire, { keepAlive = true } = {}) => {
    if (delayMs > longestTimeout) return longTimer(delayMs, fire, keepAlive)
    const key = `${delayMs} ${keepAlive}`
    let list = lists.get(key)
    if (list === undefined) {
      if (!(delayMs >= shortestShared)) return ownTimer(delayMs, fire, keepAlive)
      if (lists.size >= mostLists) forgetEmpty(lists)
      if (lists.size >= mostLists) return ownTimer(delayMs, fire, keepAlive)
      lists.set(key, (list = new TimerList(delayMs, keepAlive)))
    }
    return list.add(fire)
  }
}

function forgetEmpty(lists: Map<string, TimerList>): void {
  for (const [key, list] of lists) if (list.forget()) lists.delete(key)
}

/** Timers of one length, which are due in the order in which they were armed. */
class TimerList {
  readonly #delayMs: number
  readonly #keepAlive: boolean
  readonly #waiting = new Set<SharedTimer>()
  #handle: NodeJS.Timeout | undefined

  constructor(delayMs: number, keepAlive: boolean) {
    this.#delayMs = delayMs
    this.#keepAlive = keepAlive
  }

  add(fire: () => void): Timer {
    const timer = new SharedTimer(this, fire, performance.now() + this.#delayMs)
    this.#waiting.add(timer)
    if (this.#handle === undefined) this.#arm(this.#delayMs)
    else if (this.#waiting.size === 1 && this.#keepAlive) this.#handle.ref()
    return timer
  }

  /** The timer of Node stays armed for the next one, without holding the process. */
  remove(timer: SharedTimer): void {
    if (this.#waiting.delete(timer) && this.#waiting.size === 0) this.#handle?.unref()
  }

  /** Gives the timer of Node back when nothing waits for it; whether that was so. */
  forget(): boolean {
    if (this.#waiting.size > 0) return false
    clearTimeout(this.#handle)
    this.#handle = undefined
    return true
  }

  #arm(delayMs: number): void {
    this.#handle = setTimeout(() => this.#fireDue(), delayMs)
    if (!this.#keepAlive) this.#handle.unref()
  }

  #fireDue(): void {
    this.#handle = undefined
    const now = performance.now()
    const due: SharedTimer[] = []
    for (const timer of this.#waiting) {
      if (timer.dueAt > now) {
        this.#arm(Math.ceil(timer.dueAt - now))
        break
      }
      due.push(timer)
    }
    for (const timer of due) this.#waiting.delete(timer)
    // As with timers of Node, one that throws must not keep the others from firing.
    for (const timer of due.slice(1)) setImmediate(() => timer.run())
    due[0]?.run()
  }
}

/**
 * What it calls is let go of as soon as it is over: tables that a set has outgrown keep what was in them until the
 * next full collection of garbage.
 */
class SharedTimer implements Timer {
  readonly #list: TimerList
  readonly dueAt: number
  #fire: (() => void) | undefined

  constructor(list: TimerList, fire: () => void, dueAt: number) {
    this.#list = list
    this.#fire = fire
    this.dueAt = dueAt
  }

  cancel(): void {
    this.#fire = undefined
    this.#list.remove(this)
  }

  run(): void {
    const fire = this.#fire
    this.#fire = undefined
    fire?.()
  }
}

function ownTimer(delayMs: number, fire: () => void, keepAlive: boolean): Timer {
  const handle = setTimeout(fire, Math.max(0, delayMs))
  if (!keepAlive) handle.unref()
  return { cancel: () => clearTimeout(handle) }
}

function longTimer(delayMs: number, fire: () => void, keepAlive: boolean): Timer {
  let handle: NodeJS.Timeout
  const arm = (left: number): void => {
    const piece = Math.min(left, longestTimeout)
    handle = setTimeout(() => (left > piece ? arm(left - piece) : fire()), piece)
    if (!keepAlive) handle.unref()
  }
  arm(delayMs)
  return { cancel: () => clearTimeout(handle) }
}
