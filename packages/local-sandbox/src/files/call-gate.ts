import { isCodedError } from '@belay/core/ports'
import { closedFault, errnoOf, ioFault } from './file-faults.ts'

/** One call under way. */
export interface Call {
  /** As the caller gave it; for messages. */
  readonly path: string
  /** Throws when the call was aborted or the sandbox closed; asked between system calls. */
  check(): void
}

/** Lets calls in until it is closed, ends those under way then, and gives what they throw its code. */
export class CallGate {
  readonly #closing = new AbortController()
  readonly #calls = new Set<Promise<unknown>>()

  /** Aborted when the gate closes. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  async run<T>(path: string, signal: AbortSignal | undefined, work: (call: Call) => Promise<T>): Promise<T> {
    const check = (): void => {
      if (this.#closing.signal.aborted) throw closedFault()
      signal?.throwIfAborted()
    }
    check()
    const working = work({ path, check })
    this.#calls.add(working)
    try {
      return await working
    } catch (error) {
      throw errnoOf(error) === undefined || isCodedError(error) ? error : ioFault(path, error)
    } finally {
      this.#calls.delete(working)
    }
  }

  /** Resolves when no call is under way any more. */
  async close(): Promise<void> {
    this.#closing.abort(closedFault())
    await Promise.allSettled(this.#calls)
  }
}
