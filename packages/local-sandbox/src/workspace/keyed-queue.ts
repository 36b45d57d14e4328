/** Runs work of one key one after the other. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<unknown>>()

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const running = (async () => {
      await before
      return work()
    })()
    // Whoever comes next waits for the end, however it was.
    const ended = running.then(ignore, ignore)
    this.#last.set(key, ended)
    try {
      return await running
    } finally {
      if (this.#last.get(key) === ended) this.#last.delete(key)
    }
  }
}

const ignore = (): void => undefined
