import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { PortError, storeErrorCodes } from '@belay/core/ports'
import type { Store } from '@belay/core/ports'
import { portsThrough } from './store-methods.ts'
import { decode, encode, fromWireError } from './wire.ts'
import type { Answer, OpenedStore, Request } from './wire.ts'

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** A process that has called `serveStores`. It keeps this one alive only while a call is under way. */
export class StoreProcess {
  readonly child: ChildProcess
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #isGone = false

  constructor(module: string | URL) {
    // The flags of a test runner's own process mean nothing to the child.
    this.child = fork(module, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.child.on('message', (text) => {
      const message = decode(text)
      if (message?.type === 'value' || message?.type === 'error') this.#settle(message)
    })
    this.child.once('exit', () => {
      this.#isGone = true
      for (const waiting of this.#pending.values()) waiting.reject(goneError())
      this.#pending.clear()
    })
    this.#keepAlive(false)
  }

  get isGone(): boolean {
    return this.#isGone || this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** A store that `serveStores` opens for these arguments. */
  async open(args: readonly string[]): Promise<Store> {
    const id = this.#nextId()
    const opened = (await this.#ask({ type: 'open', id, args })) as OpenedStore
    const call = (method: string, values: readonly unknown[]): Promise<unknown> =>
      this.#ask({ type: 'call', id: this.#nextId(), store: id, method, args: values.map(toPlain) })
    const { info, keepFinishedRuns } = opened
    return {
      info,
      ...(keepFinishedRuns === undefined ? {} : { keepFinishedRuns }),
      ...portsThrough(call, info),
      close: async () => {
        if (!this.#isGone) await call('close', [])
      },
    }
  }

  /** Kills the process with SIGKILL and resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.isGone) return
    this.child.ref()
    const exit = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exit
  }

  #nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  #ask(request: Request): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isGone) return reject(goneError())
      this.#pending.set(request.id, { resolve, reject })
      this.#keepAlive(true)
      this.child.send(encode(request), () => {
        // A message that cannot be sent is answered by the exit of the process.
      })
    })
  }

  #settle(answer: Answer): void {
    const waiting = this.#pending.get(answer.id)
    this.#pending.delete(answer.id)
    if (this.#pending.size === 0) this.#keepAlive(false)
    if (answer.type === 'value') waiting?.resolve(answer.value)
    else waiting?.reject(fromWireError(answer.error))
  }

  #keepAlive(isAwaited: boolean): void {
    this.child[isAwaited ? 'ref' : 'unref']()
    this.child.channel?.[isAwaited ? 'ref' : 'unref']()
  }
}

function goneError(): PortError {
  return new PortError({ code: storeErrorCodes.io, message: 'The process that serves the store is gone' })
}

/** Iterables other than bytes do not survive the way; `sweep` takes one. */
function toPlain(value: unknown): unknown {
  const isIterable = typeof value === 'object' && value !== null && Symbol.iterator in value
  return isIterable && !(value instanceof Uint8Array) ? [...(value as Iterable<unknown>)] : value
}
