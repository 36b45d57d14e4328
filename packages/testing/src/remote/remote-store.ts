import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { PortError, storeErrorCodes } from '@belay/core/ports'
import type { Store } from '@belay/core/ports'
import { portsThrough } from './store-methods.ts'
import { decode, encode, fromWireError } from './wire.ts'
import type { Answer, Hello } from './wire.ts'

/** A store that lives in another process. */
export interface RemoteStore extends Store {
  readonly child: ChildProcess
  /** Kills the process with SIGKILL and resolves when it is gone. */
  kill(): Promise<void>
}

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** A store whose calls are executed by `child`, which has called `serveStore`. Resolves when it is ready. */
export async function remoteStore(child: ChildProcess): Promise<RemoteStore> {
  const pending = new Map<number, Pending>()
  let lastId = 0
  let isGone = false
  const hello = Promise.withResolvers<Hello>()

  const onAnswer = (answer: Answer): void => {
    const waiting = pending.get(answer.id)
    pending.delete(answer.id)
    if (answer.type === 'value') waiting?.resolve(answer.value)
    else waiting?.reject(fromWireError(answer.error))
  }
  child.on('message', (text) => {
    const message = decode(text)
    if (message?.type === 'hello') hello.resolve(message)
    else if (message !== undefined && message.type !== 'call') onAnswer(message)
  })
  child.once('exit', () => {
    isGone = true
    hello.reject(goneError())
    for (const waiting of pending.values()) waiting.reject(goneError())
    pending.clear()
  })

  const call = (method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (isGone) return reject(goneError())
      lastId += 1
      pending.set(lastId, { resolve, reject })
      child.send(encode({ type: 'call', id: lastId, method, args: args.map(toPlain) }), () => {
        // A message that cannot be sent is answered by the exit of the process.
      })
    })

  const { info, keepFinishedRuns } = await hello.promise
  return {
    info,
    ...(keepFinishedRuns === undefined ? {} : { keepFinishedRuns }),
    ...portsThrough(call, info),
    close: async () => {
      if (!isGone) await call('close', [])
    },
    child,
    kill: async () => {
      if (isGone || child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

/** Starts `module` with `args` in a process of its own and gives the store that it serves. */
export function forkStore(module: string | URL, args: readonly string[] = []): Promise<RemoteStore> {
  // The flags of a test runner's own process mean nothing to the child.
  return remoteStore(
    fork(module, [...args], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  )
}

function goneError(): PortError {
  return new PortError({ code: storeErrorCodes.io, message: 'The process that serves the store is gone' })
}

/** Iterables other than bytes do not survive the way; `sweep` takes one. */
function toPlain(value: unknown): unknown {
  const isIterable = typeof value === 'object' && value !== null && Symbol.iterator in value
  return isIterable && !(value instanceof Uint8Array) ? [...(value as Iterable<unknown>)] : value
}
