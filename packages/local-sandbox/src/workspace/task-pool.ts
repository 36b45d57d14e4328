/** Runs tasks a few at a time. Whoever adds one waits for room, so that what waits is bounded too. */
export class TaskPool {
  readonly #limit: number
  readonly #running = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Resolves when the task has begun. Throws what an earlier task threw; the task is not begun then. */
  async add(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running)
    this.#throwFailure()
    const running: Promise<void> = this.#run(task).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when every task has ended. Throws the first failure. */
  async drain(): Promise<void> {
    await this.settle()
    this.#throwFailure()
  }

  /** Resolves when every task has ended, however it did. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async #run(task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

/** Four threads do the work of files in Node; more tasks than that keep them busy between two steps of one task. */
export const taskLimit = 12
