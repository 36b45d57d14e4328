import { HarnessError } from '../errors/harness-error.ts'
import { serializeError } from '../errors/serialize.ts'
import type { AskRecord, ResultOutcome } from '../history/event.ts'
import { encodeValue } from '../history/stored-value.ts'
import type { Blobs, Timer } from '../ports/index.ts'
import type { SchemaIssue, SchemaResult, StandardSchema } from '../schema/standard-schema.ts'
import { issueRecords, validate } from '../schema/validate.ts'
import type { Attempt } from './attempt.ts'
import type { SignalCommand } from './commands.ts'
import type { Scope } from './scope.ts'
import { timedOut } from './signal.ts'

/** A wait that nothing has resolved yet. */
export interface OpenWait {
  readonly key: string
  readonly scope: Scope
  readonly ask: AskRecord
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

  /** Signals whose value is being checked, by the key of the wait. */
  readonly #lookedAt = new Map<string, SignalCommand>()
  #matching = false

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
    this.#matchSoon()
  }

  /** All waits that open together are known before one of them gets a signal. */
  #matchSoon(): void {
    if (this.#matching) return
    this.#matching = true
    queueMicrotask(() => {
      this.#matching = false
      this.#attempt.inbox.match()
    })
  }

  /** The wait left the books, resolved or cut off. */
  remove(key: string): void {
    this.#open.get(key)?.timer?.cancel()
    this.#open.delete(key)
    const command = this.#lookedAt.get(key)
    if (command === undefined) return
    this.#lookedAt.delete(key)
    this.#attempt.inbox.giveBack(command)
    this.#matchSoon()
  }

  clear(): void {
    this.#lookedAt.clear()
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

  /**
   * Consumes a signal: a value that fits resolves the wait, another one is recorded as rejected and leaves it
   * open. A wait that is cut off meanwhile has given the signal back.
   */
  async accept(wait: OpenWait, command: SignalCommand): Promise<void> {
    const attempt = this.#attempt
    const { key } = wait
    this.remove(key)
    this.#lookedAt.set(key, command)
    const value = await attempt.io(async () => attempt.decode(command.value))
    const checked = await attempt.io(() => check(wait, value))
    if (checked.issues !== undefined) return this.#reject(wait, command, checked.issues)
    const outcome = await attempt.io(() => encodeOutcome(wait, checked.value, attempt.engine.blobs))
    if (this.#take(key, command)) this.#resolve(wait, outcome, command.commandId)
  }

  async #reject(wait: OpenWait, command: SignalCommand, issues: readonly SchemaIssue[]): Promise<void> {
    const attempt = this.#attempt
    const { key } = wait
    const { commandId } = command
    if (!this.#take(key, command)) return
    attempt.begin()
    const { lineage } = wait.ask
    await attempt.append({
      type: 'signal.rejected',
      data: { key, commandId, issues: issueRecords(issues), ...(lineage !== undefined && { lineage }) },
    })
    if (!wait.scope.isCut) this.add(wait)
    attempt.end()
  }

  /** Whether a signal is still the one that a wait looks at. */
  #take(key: string, command: SignalCommand): boolean {
    return this.#lookedAt.get(key) === command && this.#lookedAt.delete(key)
  }

  /** Signals recorded before the due time go first, so the inbox is read once more. */
  #onDue(wait: OpenWait): void {
    const attempt = this.#attempt
    attempt
      .io(() => attempt.inbox.read())
      .then(() => attempt.releases.whenOpen(() => this.#timeOut(wait)))
      .catch((error: unknown) => attempt.fault(error))
  }

  #timeOut(wait: OpenWait): void {
    if (this.#open.get(wait.key)?.wait !== wait) return
    this.remove(wait.key)
    if (wait.timer) return this.#resolve(wait, { status: 'ok' })
    const error = timedOut('wait', `The wait "${wait.key}"`, wait.timeoutMs ?? 0)
    this.#resolve(wait, { status: 'failed', error: serializeError(error) })
  }

  #resolve(wait: OpenWait, outcome: ResultOutcome, commandId?: string): void {
    const data = { ...wait.ask, ...outcome, ...(commandId !== undefined && { commandId }) }
    this.#attempt.recordResult('wait.resolved', data)
  }
}

/** A schema that throws refuses the value: the same signal would stop every later attempt as well. */
async function check({ schema }: OpenWait, value: unknown): Promise<SchemaResult<unknown>> {
  if (schema === undefined) return { value }
  try {
    return await validate(schema, value)
  } catch (error) {
    return {
      issues: [{ message: `the schema threw: ${error instanceof Error ? error.message : String(error)}` }],
    }
  }
}

/** A value that its schema made unstorable is a failure of the wait, as it is of a step. */
async function encodeOutcome(wait: OpenWait, value: unknown, blobs: Blobs): Promise<ResultOutcome> {
  try {
    const { stored } = await encodeValue(value, `The value of "${wait.name}"`, blobs)
    return { status: 'ok', ...stored }
  } catch (error) {
    if (!HarnessError.is(error, 'validation/value')) throw error
    return { status: 'failed', error: serializeError(error) }
  }
}
