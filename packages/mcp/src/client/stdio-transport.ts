import type { Logger, PortError, SandboxProcess } from '@belay/core/ports'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import { LineReader, type Line } from './line-reader.ts'
import type { LinkTransport } from './link-transport.ts'
import { answeredId, cancelledId, faultAnswer, isMessage, isWholeAnswer, requestId } from './message.ts'
import { sourceError } from './source-error.ts'
import { StderrTail } from './stderr-tail.ts'
import { within } from './within.ts'

/** A server that reads nothing for so long is given up. */
const maxQueuedBytes = 33_554_432

/** A server that means to leave does so when its input ends; whatever is left of it then is ended. */
const leaveMs = 1_000

/** The sandbox ends a tree at once; a close of 5 s leaves it this much. */
const killMs = 3_000

/** What a line of garbage counts for at least, because looking at a short one costs as much. */
const garbageLineBytes = 1_024

/** What a server has to be known by. */
export interface StdioTransportInit {
  readonly source: string
  readonly process: SandboxProcess
  readonly maxMessageBytes: number
  readonly logger: Logger
  readonly onStderr: ((text: string) => void) | undefined
}

/**
 * Messages as lines over the streams of a process. Unlike the SDK's own it holds at most one message in memory, reads
 * its standard error away, ends the whole tree, and answers for messages that are too long.
 */
export class StdioTransport implements LinkTransport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  readonly #init: StdioTransportInit
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #pending = new Set<number | string>()
  readonly #stderr = new StderrTail()
  #queuedBytes = 0
  /** Bytes that were no message since the last one that was. */
  #garbageBytes = 0
  #fault: PortError | undefined
  #ending: Promise<void> | undefined

  constructor(init: StdioTransportInit) {
    this.#init = init
    this.#writer = init.process.stdin.getWriter()
    // What cannot be written shows where it is written.
    this.#writer.closed.catch(() => undefined)
  }

  get fault(): PortError | undefined {
    return this.#fault
  }

  async start(): Promise<void> {
    const { process, onStderr } = this.#init
    void this.#stderr.drain(process.stderr, onStderr)
    void this.#read(process.stdout)
    void process.ended.then((end) => this.#ended(end))
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault
    const id = requestId(message)
    if (id !== undefined) this.#pending.add(id)
    const cancelled = cancelledId(message)
    if (cancelled !== undefined) this.#pending.delete(cancelled)
    const bytes = Buffer.from(`${JSON.stringify(message)}\n`)
    this.#queuedBytes += bytes.length
    if (this.#queuedBytes > maxQueuedBytes)
      this.#break(this.#error('unavailable', 'does not read what it is sent', 'stdin'))
    try {
      await this.#writer.write(bytes)
    } catch (cause) {
      // Its end tells more than a broken pipe, and is under way.
      await within(this.#init.process.ended, leaveMs)
      throw this.#fault ?? this.#break(this.#error('unavailable', 'takes no more input', 'stdin', cause))
    } finally {
      this.#queuedBytes -= bytes.length
    }
  }

  async close(): Promise<void> {
    await this.end()
  }

  end(): Promise<void> {
    return (this.#ending ??= this.#end())
  }

  async #end(): Promise<void> {
    this.#fault ??= this.#error('closed', 'was closed', 'closed')
    const { process } = this.#init
    // Closing waits for what is queued, and a server that hangs takes none of it.
    this.#writer.close().catch(() => undefined)
    if ((await within(process.ended, leaveMs)) === undefined) await within(process.kill(), killMs)
    this.#tellClosed()
  }

  #tellClosed(): void {
    const { onclose } = this
    delete this.onclose
    onclose?.()
  }

  async #read(stdout: ReadableStream<Uint8Array>): Promise<void> {
    const lines = new LineReader(this.#init.maxMessageBytes)
    const reader = stdout.getReader()
    try {
      for (;;) {
        const { value, done } = await reader.read()
        if (done) return
        for (const line of lines.push(value)) this.#take(line)
      }
    } catch {
      // The process has ended or was ended; that is told elsewhere.
    }
  }

  #take(line: Line): void {
    if (!('text' in line)) return this.#tooLong(line)
    const message = parsed(line.text)
    if (message === undefined) return this.#garbage(line.text.length)
    this.#garbageBytes = 0
    const id = answeredId(message)
    // An answer that nobody waits for: a second one, one that comes late, or one that was never asked for.
    if (id !== undefined && !this.#pending.delete(id)) return
    if (id === undefined || isWholeAnswer(message)) return this.onmessage?.(message)
    this.onmessage?.(faultAnswer(id, this.#error('malformed', 'sent an answer that is none', 'result')))
  }

  #garbage(length: number): void {
    this.#garbageBytes += Math.max(length, garbageLineBytes)
    if (this.#garbageBytes > this.#init.maxMessageBytes)
      this.#break(this.#error('malformed', 'writes something else than messages', 'garbage'))
  }

  /** The call that it answers fails and the others go on; when that cannot be told, all fail. */
  #tooLong({ head, tail }: { readonly head: string; readonly tail: string }): void {
    const fault = this.#error('malformed', 'sent a message that is too long', 'too_long')
    const found = /,"id":(\d+)\}\s*$/.exec(tail) ?? /^\{(?:"jsonrpc":"2\.0",)?"id":(\d+),/.exec(head)
    const id = found === null ? undefined : Number(found[1])
    if (id !== undefined && this.#pending.delete(id)) return this.onmessage?.(faultAnswer(id, fault))
    if (this.#pending.size > 0) this.#break(fault)
  }

  #ended(end: { readonly exitCode: number } | { readonly signal: string }): void {
    if (this.#fault !== undefined) return
    const how = 'signal' in end ? `was ended by ${end.signal}` : `ended with exit code ${end.exitCode}`
    this.#init.logger.warn('an MCP server has ended', { source: this.#init.source, ...end })
    // What it wrote at last stays beside the error: it is content, and loggers print every own property.
    const cause = Object.defineProperty(new Error(`The server ${how}.`), 'stderr', {
      value: this.#stderr.text,
    })
    this.#break(this.#error('unavailable', how, 'ended', cause))
  }

  /** Nothing more comes of it: whoever waits is told, and the process is ended. */
  #break(fault: PortError): PortError {
    if (this.#fault !== undefined) return this.#fault
    this.#fault = fault
    this.#pending.clear()
    this.#tellClosed()
    void this.end()
    return fault
  }

  #error(
    code: 'unavailable' | 'malformed' | 'closed',
    what: string,
    reason: string,
    cause?: unknown,
  ): PortError {
    return sourceError(`tool-source/${code}`, {
      message: `The MCP server "${this.#init.source}" ${what}.`,
      meta: { source: this.#init.source, reason },
      cause,
    })
  }
}

function parsed(text: string): JSONRPCMessage | undefined {
  // Most of what is no message is told at once: an exception for each line would hold this process up.
  if (!/^\s*\{/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isMessage(value) ? value : undefined
  } catch {
    return undefined
  }
}
