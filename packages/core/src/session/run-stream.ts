import type { RunEvent } from '../history/event.ts'
import type { RunHandle } from '../run/handle.ts'

/**
 * The events of a run that is being started; throws its error after `run.finished`. Not a generator, because
 * leaving one waits for the event that it is waiting for, and leaving must not wait.
 */
export function runStream(starting: Promise<RunHandle>): AsyncIterableIterator<RunEvent> {
  // Whoever never iterates learns nothing of a refusal, but is not ended by it.
  starting.catch(() => undefined)
  return new RunStream(starting)
}

class RunStream implements AsyncIterableIterator<RunEvent> {
  readonly #starting: Promise<RunHandle>
  #events: AsyncIterableIterator<RunEvent> | undefined
  #over = false

  constructor(starting: Promise<RunHandle>) {
    this.#starting = starting
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<RunEvent>> {
    if (this.#over) return end
    const handle = await this.#starting
    if (this.#over) return end
    this.#events ??= handle.events()
    const result = await this.#events.next()
    if (result.done !== true || this.#over) return result.done === true ? end : result
    this.#over = true
    await handle.result
    return end
  }

  async return(): Promise<IteratorResult<RunEvent>> {
    this.#over = true
    await this.#events?.return?.()
    return end
  }
}

const end: IteratorReturnResult<undefined> = { done: true, value: undefined }
