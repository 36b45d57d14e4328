import { readAll } from '../feed/read.ts'
import { inboxStream } from '../feed/streams.ts'
import type { Timer } from '../ports/index.ts'
import type { Attempt } from './attempt.ts'
import { toCommand, type ApproveCommand, type Command, type SignalCommand } from './commands.ts'
import { cancelled } from './signal.ts'

/**
 * Reads the commands of a run and gives each to what it is for. Woken at once by commands of this process;
 * where other processes may write, it also looks by itself.
 */
export class InboxReader {
  readonly #attempt: Attempt
  readonly #signals: SignalCommand[] = []
  #decisions: ApproveCommand[] = []
  /** Consumed by earlier attempts. A reader sees every position once, so this attempt needs no note of its own. */
  readonly #taken: ReadonlySet<string>
  #position = 0
  #reading: Promise<void> | undefined
  #again = false
  #unsubscribe: (() => void) | undefined
  #poll: Timer | undefined

  constructor(attempt: Attempt) {
    this.#attempt = attempt
    this.#taken = attempt.history.commands
  }

  /** The last position that was read: what a suspension expects. */
  get position(): number {
    return this.#position
  }

  start(): void {
    const { engine, identity } = this.#attempt
    this.#unsubscribe = engine.hub.subscribe(inboxStream(identity.runId), () => this.#readSafely())
    if (engine.shared) this.#armPoll()
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#poll?.cancel()
    this.#poll = undefined
  }

  /** Reads what is new; a call during a read makes it read once more. */
  read(): Promise<void> {
    this.#again = true
    this.#reading ??= this.#readNew()
    return this.#reading
  }

  /** Gives signals to waits and decisions to approvals that are open now. Not while a suspension or the end is being committed. */
  match(): void {
    const attempt = this.#attempt
    if (attempt.over || !attempt.releases.open || attempt.releases.paused) return
    if (this.#decisions.length > 0)
      this.#decisions = this.#decisions.filter((command) => !attempt.approvals.consume(command))
    for (const command of [...this.#signals]) {
      const wait = attempt.waits.find(command)
      if (wait === undefined) continue
      this.#signals.splice(this.#signals.indexOf(command), 1)
      attempt.waits.accept(wait, command).catch((error: unknown) => attempt.fault(error))
    }
  }

  /** A wait that was cut off while its signal was looked at leaves the signal to the others. */
  giveBack(command: SignalCommand): void {
    this.#signals.push(command)
    this.#signals.sort((left, right) => left.position - right.position)
  }

  async #readNew(): Promise<void> {
    const { engine, identity } = this.#attempt
    try {
      while (this.#again) {
        this.#again = false
        const entries = await readAll(engine.journal, inboxStream(identity.runId), this.#position)
        for (const entry of entries) {
          this.#position = entry.position
          const command = toCommand(entry)
          if (command !== undefined && !this.#taken.has(command.commandId)) this.#take(command)
        }
        // Before anything else happens: a suspension that expects this position must not miss what came with it.
        this.match()
      }
    } finally {
      this.#reading = undefined
    }
  }

  #take(command: Command): void {
    if (command.type === 'signal') {
      this.#signals.push(command)
      return
    }
    if (command.type === 'extend') return this.#attempt.extend(command)
    if (command.type === 'approve') {
      this.#decisions.push(command)
      return
    }
    this.#attempt.endProgram(
      { outcome: 'cancelled', reason: command.reason },
      { forced: true, reason: cancelled('run', cancelMessage(command.reason)) },
    )
  }

  #readSafely(): void {
    if (!this.#attempt.over) this.read().catch((error: unknown) => this.#attempt.fault(error))
  }

  #armPoll(): void {
    const { platform, engine } = this.#attempt
    this.#poll = platform.timer(engine.timing.inboxPollMs, () => {
      this.#readSafely()
      this.#armPoll()
    })
  }
}

function cancelMessage(reason: string | undefined): string {
  return reason === undefined ? 'The run was cancelled.' : `The run was cancelled: ${reason}`
}
