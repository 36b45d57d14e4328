import type { StoredValue } from '../history/event.ts'
import { encodeValue } from '../history/stored-value.ts'
import { serializeError } from '../errors/serialize.ts'
import type { Timer } from '../ports/index.ts'
import { issueRecords, validate } from '../schema/validate.ts'
import type { StandardSchema } from '../schema/standard-schema.ts'
import type { Attempt } from './attempt.ts'
import type { SignalCommand } from './commands.ts'
import type { Scope } from './scope.ts'
import { timedOut } from './signal.ts'

/** A wait that nothing has resolved yet. */
export interface OpenWait {
  readonly key: string
  readonly scope: Scope
  readonly after: number
  readonly seen?: number
  readonly name: string
  /** Position of `wait.opened`: waits of one name are served in this order. */
  readonly position: number
  readonly timer: boolean
  readonly dueAt?: number
  readonly timeoutMs?: number
  readonly schema?: StandardSchema
}

/** The waits of one attempt, and how signals and time resolve them. */
export class OpenWaits {
  readonly #attempt: Attempt
  readonly #open = new Map<string, { readonly wait: OpenWait; timer: Timer | undefined }>()

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  get size(): number {
    return this.#open.size
  }

  get keys(): string[] {
    return [...this.#open.keys()]
  }

  /** When the next wait is due. */
  get dueAt(): number | undefined {
    let due: number | undefined
    for (const { wait } of this.#open.values()) {
      if (wait.dueAt !== undefined && (due === undefined || wait.dueAt < due)) due = wait.dueAt
    }
    return due
  }

  add(wait: OpenWait): void {
    const { dueAt } = wait
    const slot: { wait: OpenWait; timer: Timer | undefined } = { wait, timer: undefined }
    this.#open.set(wait.key, slot)
    if (dueAt !== undefined) {
      const delay = Math.max(0, dueAt - this.#attempt.platform.now())
      slot.timer = this.#attempt.platform.timer(delay, () => this.#onDue(wait))
    }
    this.#attempt.inbox.match()
  }

  /** The wait left the books, resolved or cut off. */
  remove(key: string): void {
    this.#open.get(key)?.timer?.cancel()
    this.#open.delete(key)
  }

  clear(): void {
    for (const key of this.#open.keys()) this.remove(key)
  }

  /** The wait that a signal is for: by full key when it gives one, else the first opened of that name. */
  find(command: SignalCommand): OpenWait | undefined {
    let found: OpenWait | undefined
    for (const { wait } of this.#open.values()) {
      if (wait.timer || (wait.dueAt !== undefined && command.at > wait.dueAt)) continue
      if (command.key === undefined ? wait.name !== command.name : wait.key !== command.key) continue
      if (found === undefined || wait.position < found.position) found = wait
    }
    return found
  }

  /** Consumes a signal: a value that fits resolves the wait, another one is recorded as rejected and leaves it open. */
  async accept(wait: OpenWait, command: SignalCommand): Promise<void> {
    const attempt = this.#attempt
    this.remove(wait.key)
    const value = await attempt.io(async () => attempt.decode(command.value))
    const checked = wait.schema === undefined ? { value } : await attempt.io(async () => validate(wait.schema as StandardSchema, value))
    if (attempt.over || wait.scope.isCut) return
    if (checked.issues !== undefined) {
      attempt.begin()
      await attempt.append({
        type: 'signal.rejected',
        data: { key: wait.key, commandId: command.commandId, issues: issueRecords(checked.issues) },
      })
      this.add(wait)
      attempt.end()
      return
    }
    const encoded = await attempt.io(async () => encodeValue(checked.value, `The value of "${wait.name}"`, attempt.engine.blobs))
    this.#resolve(wait, { ...encoded.stored, commandId: command.commandId })
  }

  /** Signals recorded before the due time go first, so the inbox is read once more. */
  #onDue(wait: OpenWait): void {
    const attempt = this.#attempt
    void attempt
      .io(() => attempt.inbox.read())
      .then(() => {
        if (attempt.over || !this.#open.has(wait.key) || wait.scope.isCut) return
        this.remove(wait.key)
        if (wait.timer) return this.#resolve(wait, {})
        const error = timedOut('wait', `The wait "${wait.key}"`, wait.timeoutMs ?? 0)
        const { key, scope, after, seen } = wait
        const ask = { key, scope: scope.key, after, ...(seen !== undefined && { seen }) }
        attempt.recordResult('wait.resolved', { ...ask, status: 'failed', error: serializeError(error) })
      }, (error: unknown) => attempt.fault(error))
  }

  #resolve(wait: OpenWait, outcome: StoredValue & { readonly commandId?: string }): void {
    const { key, scope, after, seen } = wait
    if (this.#attempt.over || scope.isCut) return
    const ask = { key, scope: scope.key, after, ...(seen !== undefined && { seen }) }
    this.#attempt.recordResult('wait.resolved', { ...ask, status: 'ok', ...outcome } as never)
  }
}
