import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Calls, FromWorker, PlainError } from './wire.ts'

/** A call that a worker process refused, with the code of the error there. */
export class WorkerError extends Error {
  readonly code: string
  readonly meta: PlainError['meta']

  constructor({ code, message, meta }: PlainError) {
    super(`${code}: ${message}`)
    this.code = code
    this.meta = meta
  }
}

/** A worker process as its parent sees it. */
export interface WorkerProcess {
  readonly pid: number
  call<Name extends keyof Calls>(
    name: Name,
    ...argument: Parameters<Calls[Name]>
  ): Promise<Awaited<ReturnType<Calls[Name]>>>
  /** The first note from here on, or left from before, that matches; each note is given once. */
  noted(matches: (note: string) => boolean): Promise<string>
  /** Every note so far that nobody has taken. */
  readonly notes: readonly string[]
  isGone(): boolean
  send(signal: NodeJS.Signals): void
  /** Kills it and resolves when it is gone. */
  kill(): Promise<void>
}

/** Where worker processes work. */
export interface WorkerFiles {
  readonly store: string
  readonly witness: string
  /** How long a lease lives. Default: as long as in an application. */
  readonly leaseMs?: number
}

/** Starts a worker process on a store and resolves when it is ready. Whoever starts it kills it. */
export async function startWorker({ store, witness, leaseMs = 0 }: WorkerFiles): Promise<WorkerProcess> {
  const main = new URL('./worker-main.ts', import.meta.url)
  // The flags of a test runner's own process mean nothing to the child.
  const child = fork(main, [store, witness, String(leaseMs)], { execArgv: [] })
  const exited = once(child, 'exit')
  const pending = new Map<number, PromiseWithResolvers<unknown>>()
  const notes: string[] = []
  const waiting = new Set<() => void>()
  let lastId = 0
  let isGone = false
  const wake = (): void => {
    for (const look of [...waiting]) look()
  }
  child.on('message', (message: FromWorker) => {
    if ('note' in message) {
      notes.push(message.note)
      return wake()
    }
    const call = pending.get(message.id)
    pending.delete(message.id)
    if ('error' in message) call?.reject(new WorkerError(message.error))
    else call?.resolve(message.value)
  })
  child.once('exit', () => {
    isGone = true
    for (const call of pending.values()) call.reject(gone())
    pending.clear()
    wake()
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  const worker: WorkerProcess = {
    pid: child.pid ?? 0,
    notes,
    call: (name, ...[argument]) => {
      lastId += 1
      const answer = Promise.withResolvers<unknown>()
      // Who asked a process that is then killed does not have to listen.
      answer.promise.catch(() => undefined)
      if (isGone) answer.reject(gone())
      else {
        pending.set(lastId, answer)
        child.send({ id: lastId, name, argument }, () => undefined)
      }
      return answer.promise as never
    },
    noted: (matches) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const index = notes.findIndex(matches)
          if (index < 0 && !isGone) return
          waiting.delete(look)
          if (index < 0) reject(gone())
          else resolve(notes.splice(index, 1)[0] ?? '')
        }
        waiting.add(look)
        look()
      }),
    isGone: () => isGone,
    send: (signal) => void child.kill(signal),
    kill,
  }
  await worker.noted((note) => note === 'ready')
  return worker
}

/** Lends one worker process to `body`; it is gone afterwards, however that ends. */
export async function withWorker(
  files: WorkerFiles,
  body: (worker: WorkerProcess) => Promise<void>,
): Promise<void> {
  const worker = await startWorker(files)
  try {
    await body(worker)
  } finally {
    await worker.kill()
  }
}

/** The same with two. */
export function withTwoWorkers(
  files: WorkerFiles,
  body: (left: WorkerProcess, right: WorkerProcess) => Promise<void>,
): Promise<void> {
  return withWorker(files, (left) => withWorker(files, (right) => body(left, right)))
}

function gone(): WorkerError {
  return new WorkerError({ code: 'gone', message: 'The worker process is gone', meta: {} })
}
