import { HarnessError } from '../errors/harness-error.ts'
import { inboxStream, runStream } from '../feed/streams.ts'
import type { Timer } from '../ports/index.ts'
import type { Engine } from './engine.ts'
import { toRunHead } from './heads.ts'
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
    this.#live.onWanted(look)
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
    if (row === undefined) throw new HarnessError({ code: 'run/not-found', message: `The run "${runId}" was removed.` })
    const head = toRunHead(row)
    if (head.state === 'succeeded' || head.state === 'failed' || head.state === 'cancelled') {
      this.#stop()
      return this.#live.settle(await recordedEnd(this.#engine, runId))
    }
    const due = head.dueAt !== undefined && head.dueAt <= platform.now()
    if (head.state === 'suspended' && (due || (await this.#hasNewCommand()))) {
      if (await this.#tryResume(row.stream)) return
    }
    this.#arm(head.state === 'suspended' ? head.dueAt : undefined)
  }

  /** Whether a command came after the one that the last attempt had read. */
  async #hasNewCommand(): Promise<boolean> {
    const { journal } = this.#engine
    const entries = await journal.read(inboxStream(this.#live.runId), { after: this.#live.inboxPosition, limit: 1 })
    return entries.length > 0
  }

  /** True when it goes on here; false when somebody else was faster. */
  async #tryResume(stream: string): Promise<boolean> {
    const [row] = await this.#engine.journal.heads({ streams: [stream] })
    if (row === undefined || row.state !== 'suspended') return false
    const head = toRunHead(row)
    const definition = this.#engine.resolve(head.target.kind, head.target.name)
    if (definition === undefined) return false
    this.#stop()
    try {
      await this.#engine.resume(head, definition, this.#live)
      return true
    } catch (error) {
      if (!HarnessError.is(error, 'run/leased') && !HarnessError.is(error, 'session/busy')) throw error
      watchSuspended(this.#engine, this.#live)
      return true
    }
  }

  #arm(dueAt: number | undefined): void {
    const { platform, timing, shared } = this.#engine
    const keepAlive = this.#live.wanted
    this.#poll?.cancel()
    this.#due?.cancel()
    if (shared) this.#poll = platform.timer(timing.inboxPollMs, () => this.#look(), { keepAlive })
    if (dueAt !== undefined) {
      this.#due = platform.timer(Math.max(0, dueAt - platform.now()), () => this.#look(), { keepAlive })
    }
  }
}
