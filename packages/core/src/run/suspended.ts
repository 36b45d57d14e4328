import { HarnessError } from '../errors/harness-error.ts'
import { inboxStream, runStream } from '../feed/streams.ts'
import type { Timer } from '../ports/index.ts'
import type { Engine } from './engine.ts'
import { toRunHead, type RunHead } from './heads.ts'
import type { LiveRun } from './live-run.ts'
import { recordedEnd } from './recorded-end.ts'

/**
 * Watches a suspended run for as long as this process holds its handle: a command or a due time lets it go on
 * here, and when another process goes on with it, the end of that is the result. Holds no lease meanwhile,
 * and keeps the process alive only when somebody awaits the result.
 */
export function watchSuspended(engine: Engine, live: LiveRun): void {
  new SuspendedWatch(engine, live).start()
}

class SuspendedWatch {
  readonly #engine: Engine
  readonly #live: LiveRun
  #poll: Timer | undefined
  #due: Timer | undefined
  #unsubscribe: (() => void)[] = []
  #looking = false
  #again = false
  #over = false

  constructor(engine: Engine, live: LiveRun) {
    this.#engine = engine
    this.#live = live
  }

  start(): void {
    const { hub, closing } = this.#engine
    const look = (): void => this.#look()
    this.#unsubscribe.push(hub.subscribe(inboxStream(this.#live.runId), look))
    this.#unsubscribe.push(hub.subscribe(runStream(this.#live.runId), look))
    closing.addEventListener('abort', look, { once: true })
    this.#unsubscribe.push(() => closing.removeEventListener('abort', look))
    this.#unsubscribe.push(this.#live.onWanted(look))
    this.#live.stopWatching = () => this.#stop()
    void this.#live.done.then(() => this.#stop())
    this.#look()
  }

  #stop(): void {
    this.#over = true
    this.#poll?.cancel()
    this.#due?.cancel()
    for (const end of this.#unsubscribe.splice(0)) end()
  }

  #look(): void {
    if (this.#over) return
    if (this.#engine.closing.aborted || this.#live.settled) return this.#stop()
    if (this.#looking) {
      this.#again = true
      return
    }
    this.#looking = true
    this.#step()
      .catch((error: unknown) => {
        this.#stop()
        this.#live.fail(error)
      })
      .finally(() => {
        this.#looking = false
        if (this.#again) {
          this.#again = false
          this.#look()
        }
      })
  }

  async #step(): Promise<void> {
    const { journal, platform } = this.#engine
    const { runId } = this.#live
    const [row] = await journal.heads({ streams: [runStream(runId)] })
    if (this.#over) return
    if (row === undefined)
      throw new HarnessError({ code: 'run/not-found', message: `The run "${runId}" was removed.` })
    const head = toRunHead(row)
    if (head.state === 'succeeded' || head.state === 'failed' || head.state === 'cancelled') {
      this.#stop()
      return this.#live.settle(await recordedEnd(this.#engine, runId))
    }
    // A run that was set aside goes on by hand alone.
    if (head.state !== 'suspended' || head.suspendReason === 'poisoned') return this.#arm({})
    const isDue = head.dueAt !== undefined && head.dueAt <= platform.now()
    if (!isDue && !(await this.#hasNewCommand())) return this.#arm(head)
    await this.#resume(head)
    // Somebody else goes on with it, or nobody here can: only time will tell.
    this.#arm({ again: true })
  }

  /** Whether a command came after the one that the last attempt had read. */
  async #hasNewCommand(): Promise<boolean> {
    const { journal } = this.#engine
    const entries = await journal.read(inboxStream(this.#live.runId), {
      after: this.#live.inboxPosition,
      limit: 1,
    })
    return entries.length > 0
  }

  /** When it goes on here, the attempt ends this watch. */
  async #resume(head: RunHead): Promise<void> {
    const { kind, name, version } = head.target
    const definition = this.#engine.resolve(kind, name)
    if (this.#over || definition?.version !== version) return
    try {
      await this.#engine.resume(head, definition)
    } catch (error) {
      const lost = ['run/leased', 'session/busy', 'journal/conflict', 'journal/fenced'] as const
      if (!lost.some((code) => HarnessError.is(error, code))) throw error
    }
  }

  /** Looks again when it is due, and after a while where others may write or have just done so. */
  #arm({ dueAt, again = false }: { readonly dueAt?: number; readonly again?: boolean }): void {
    const { platform, timing, shared } = this.#engine
    const keepAlive = this.#live.wanted
    this.#poll?.cancel()
    this.#due?.cancel()
    if (this.#over) return
    if (shared || again) this.#poll = platform.timer(timing.inboxPollMs, () => this.#look(), { keepAlive })
    if (dueAt !== undefined) {
      this.#due = platform.timer(Math.max(0, dueAt - platform.now()), () => this.#look(), { keepAlive })
    }
  }
}
