import { serializeError } from '../errors/serialize.ts'
import type { Attempt } from './attempt.ts'
import type { FanOutSpec } from './definition.ts'
import { handled } from './attempt.ts'
import { never } from './release.ts'
import { Scope, type ReservedKey } from './scope.ts'
import { cancelled } from './signal.ts'

/**
 * Runs a function over items with bounded parallelism, each in a scope of its own. Item functions close over
 * the variables of the program, so they run again in a replay; what they ask for is handed back. The first
 * failure cancels the other items and takes no new ones.
 */
export function askFanOut<T, R>(attempt: Attempt, parent: Scope, spec: FanOutSpec<T, R>): Promise<R[]> {
  if (!Array.isArray(spec.items)) {
    return handled(Promise.reject(new TypeError(`The items of the fan-out "${spec.name}" must be an array.`)))
  }
  const key = attempt.reserve(parent, spec.name, spec.key)
  if (key instanceof Promise) return key
  return handled(new FanOut(attempt, parent, { ...spec, items: [...spec.items] }, key).run())
}

class FanOut<T, R> {
  readonly #attempt: Attempt
  readonly #parent: Scope
  readonly #spec: FanOutSpec<T, R>
  readonly #key: ReservedKey
  readonly #scopes: Scope[] = []
  readonly #results: R[] = []
  #next = 0
  /** Its end is being recorded. */
  #ended = false
  #failure: { readonly error: unknown } | undefined

  constructor(attempt: Attempt, parent: Scope, spec: FanOutSpec<T, R>, key: ReservedKey) {
    this.#attempt = attempt
    this.#parent = parent
    this.#spec = spec
    this.#key = key
  }

  async run(): Promise<R[]> {
    const { items, concurrency } = this.#spec
    const leave = this.#enter()
    this.#announce()
    try {
      await Promise.all(
        Array.from({ length: Math.min(Math.max(1, concurrency), items.length) }, () => this.#lane()),
      )
      if (this.#attempt.over) return await never()
      if (this.#parent.isCut) throw this.#failure?.error ?? this.#parent.cancellation.reason
      return (await this.#askEnd()) as R[]
    } finally {
      // A scope with an effect still in flight stays attached: the end of the run must reach it.
      for (const { cancellation } of this.#scopes) if (cancellation.idle) cancellation.dispose()
      leave()
    }
  }

  /** One that an earlier attempt had begun is begun anew, once what is recorded of it was handed back. */
  #announce(): void {
    const { releases } = this.#attempt
    const { key } = this.#key
    if (releases.isRecorded(key)) return
    releases.whenOpen(() => {
      if (this.#parent.isCut) return
      const { length } = this.#spec.items
      this.#attempt.contextOf(this.#parent).emit({ type: 'fanout.started', key, items: length })
    })
  }

  /** The run does not end before this fan-out, unless the scope around it was cut: items may never notice. */
  #enter(): () => void {
    const attempt = this.#attempt
    attempt.openScopes++
    let entered = true
    let stopListening = (): void => undefined
    const leave = (): void => {
      if (!entered) return
      entered = false
      stopListening()
      if (!this.#ended) attempt.endUnrecorded('fanout', this.#key.key, this.#parent, {})
      attempt.openScopes--
      attempt.releases.kick()
    }
    stopListening = this.#parent.cancellation.onAbort(leave)
    return leave
  }

  async #lane(): Promise<void> {
    const { items, each } = this.#spec
    while (this.#next < items.length && this.#failure === undefined) {
      if (this.#attempt.over) return never()
      const index = this.#next++
      const scope = this.#openScope(index)
      try {
        this.#results[index] = await each(this.#attempt.contextOf(scope), items[index] as T, index)
      } catch (error) {
        this.#fail(error)
      }
    }
  }

  #openScope(index: number): Scope {
    const { depth, metadata, options } = this.#parent
    const scope = new Scope({
      key: `${this.#key.key}/${index}`,
      parent: this.#parent,
      depth,
      metadata,
      options,
    })
    this.#scopes.push(scope)
    this.#attempt.releases.addScope(scope)
    return scope
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { error }
    const reason = cancelled('fanout', `Another item of "${this.#key.key}" failed.`)
    for (const scope of this.#scopes) this.#attempt.releases.cut(scope, reason)
  }

  #askEnd(): Promise<unknown> {
    const attempt = this.#attempt
    const inputHash = String(this.#spec.items.length)
    return attempt.releases.ask({
      key: this.#key,
      type: 'fanout.finished',
      scope: this.#parent,
      inputHash,
      local: () => this.#results,
      start: (ask) => {
        this.#ended = true
        if (this.#failure === undefined)
          return attempt.recordResult('fanout.finished', { ...ask, inputHash, status: 'ok' })
        const { error } = this.#failure
        const chain = attempt.chains.find(error)
        attempt.recordResult('fanout.finished', {
          ...ask,
          inputHash,
          status: 'failed',
          error: serializeError(error),
          ...(chain !== undefined && { chain }),
        })
      },
    })
  }
}
