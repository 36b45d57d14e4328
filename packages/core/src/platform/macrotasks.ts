/**
 * Most turns that are asked for ahead. Between two of them Node runs microtasks, as between any two; what it
 * leaves out is the look for I/O, which waits for at most this many.
 */
const mostAhead = 16

/**
 * Macrotasks by `setImmediate`. A replay asks for the next macrotask in each one, and an immediate that is set in
 * an immediate runs in the next round of the event loop, with a system call before it. So where every turn
 * was used, the next ones are set ahead, each a macrotask of its own.
 */
export function macrotasks(): (run: () => void) => void {
  const waiting: (() => void)[] = []
  let next = 0
  /** Immediates that are set and have not run. */
  let ahead = 0
  /** How many to set together; it grows while each of them finds something to do. */
  let burst = 1

  const turn = (): void => {
    ahead--
    const run = waiting[next]
    if (run === undefined) {
      burst = 1
      return
    }
    waiting[next++] = nothing
    if (next === waiting.length) {
      waiting.length = 0
      next = 0
    }
    if (ahead === 0) burst = Math.min(mostAhead, burst * 2)
    run()
  }

  return (run) => {
    waiting.push(run)
    if (ahead >= waiting.length - next) return
    for (let set = 0; set < burst; set++) setImmediate(turn)
    ahead += burst
  }
}

const nothing = (): void => undefined
