import { checkOptions, invalidOption } from '../define/check.ts'
import type { RunEvent } from '../history/event.ts'
import { nodePlatform } from '../platform/node-platform.ts'
import type { Platform, Timer } from '../ports/index.ts'

/** Something whose events can be read from a position, such as the handle of a run. */
export interface EventSource {
  events(options?: { readonly after?: number }): AsyncIterable<RunEvent>
}

/** How events are sent. */
export interface SSEOptions {
  /** The `Last-Event-ID` that the client sent: what it has is not sent again. */
  readonly lastEventId?: string | null | undefined
  /**
   * Milliseconds of silence after which a comment is sent, so that nobody on the way takes the connection for dead.
   * Default 15,000; 0: none.
   */
  readonly heartbeatMs?: number
  /** Has the timer of the heartbeat. Default: `nodePlatform()`. */
  readonly platform?: Platform
}

/** Proxies commonly give a silent connection up after 30 to 60 s. */
const defaultHeartbeatMs = 15_000

/**
 * The events of a run as the body of a `text/event-stream` response. A committed event has its position as `id`, so
 * that a client which reconnects goes on behind the last one that it has; transient events have none. One event is
 * read when the client has taken the one before. A client that leaves detaches this reader and nothing else.
 */
export function toSSE(
  source: EventSource | AsyncIterable<RunEvent>,
  options: SSEOptions = {},
): ReadableStream<Uint8Array> {
  checkOptions('toSSE', { heartbeatMs: options.heartbeatMs }, { heartbeatMs: 'timeoutMs' })
  const after = positionOf(options.lastEventId)
  const body = new SSEBody('events' in source ? source.events({ after }) : source, after, options)
  return new ReadableStream<Uint8Array>(
    { pull: (controller) => body.pull(controller), cancel: () => body.cancel() },
    // Nothing is read ahead: what a slow client has not taken stays in the journal.
    { highWaterMark: 0 },
  )
}

function positionOf(lastEventId: string | null | undefined): number {
  if (lastEventId === undefined || lastEventId === null || lastEventId === '') return 0
  if (/^\d{1,15}$/.test(lastEventId)) return Number(lastEventId)
  return invalidOption('toSSE', 'lastEventId', 'pass the `Last-Event-ID` of the request, which is a position')
}

type Controller = ReadableStreamDefaultController<Uint8Array>

class SSEBody {
  readonly #events: AsyncIterator<RunEvent>
  readonly #after: number
  readonly #heartbeatMs: number
  readonly #platform: Platform
  readonly #encoder = new TextEncoder()
  #timer: Timer | undefined
  #cancelled = false
  /** The run's end was sent; what `stream()` throws after it says nothing new. */
  #sawEnd = false

  constructor(events: AsyncIterable<RunEvent>, after: number, options: SSEOptions) {
    this.#events = events[Symbol.asyncIterator]()
    this.#after = after
    this.#heartbeatMs = options.heartbeatMs ?? defaultHeartbeatMs
    this.#platform = options.platform ?? nodePlatform()
  }

  /** Called when the client has taken everything; resolves when there is more, or nothing more. */
  async pull(controller: Controller): Promise<void> {
    this.#armHeartbeat(controller)
    try {
      const event = await this.#next()
      if (this.#cancelled) return
      if (event === undefined) controller.close()
      else controller.enqueue(this.#encoder.encode(frameOf(event)))
    } finally {
      this.#timer?.cancel()
    }
  }

  async cancel(): Promise<void> {
    this.#cancelled = true
    this.#timer?.cancel()
    await this.#events.return?.()
  }

  async #next(): Promise<RunEvent | undefined> {
    try {
      for (;;) {
        const { done, value } = await this.#events.next()
        if (done === true) return undefined
        // An iterable cannot be told where to begin.
        if ('position' in value && value.position <= this.#after) continue
        this.#sawEnd = value.type === 'run.finished'
        return value
      }
    } catch (error) {
      if (this.#sawEnd) return undefined
      throw error
    }
  }

  /** At most one comment waits for a client that takes nothing. */
  #armHeartbeat(controller: Controller): void {
    if (this.#heartbeatMs === 0) return
    const beat = (): void => {
      if (this.#cancelled) return
      if (controller.desiredSize === 0) controller.enqueue(this.#encoder.encode(':\n\n'))
      this.#timer = this.#platform.timer(this.#heartbeatMs, beat, { keepAlive: false })
    }
    this.#timer = this.#platform.timer(this.#heartbeatMs, beat, { keepAlive: false })
  }
}

/** JSON has no line breaks, so the data is one line. */
function frameOf(event: RunEvent): string {
  const id = 'position' in event ? `id: ${event.position}\n` : ''
  return `${id}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
