import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { PortError } from '@belay/core/ports'
import { cwdError, notFoundError } from './command-call.ts'
import type { TreeEnd } from './tree.ts'

/**
 * What `init-program.ts` has reported so far. With a helper (`network/forwarder.ts`) the records of the one that starts the
 * helper come first, and those of the one that starts the command after them.
 */
export class InitRecords {
  readonly #first: number
  #bytes = Buffer.alloc(0)

  constructor(options: { readonly withHelper: boolean }) {
    this.#first = options.withHelper ? 2 : 0
  }

  /** No more records are taken than there are: what comes after them was written by somebody else. */
  push(bytes: Uint8Array): void {
    const most = this.#first * 4 + 12
    if (this.#bytes.length < most) this.#bytes = Buffer.concat([this.#bytes, bytes]).subarray(0, most)
  }

  /** How many stand in the directory and wait for their byte, or have got it. */
  get ready(): number {
    if (this.#record(0) !== 0) return 0
    return this.#first > 0 && this.#record(this.#first) === 0 ? 2 : 1
  }

  get running(): boolean {
    return this.#record(this.#first) === 0 && (this.#record(this.#first + 1) ?? -1) > 0
  }

  /** Why the command does not run; `undefined` while nothing says so. */
  get refusal(): PortError | undefined {
    for (const [index, place] of [0, 1, this.#first, this.#first + 1].entries()) {
      const record = this.#record(place)
      if (record === undefined || record >= 0) continue
      const errno = getSystemErrorName(record)
      const missing = missingErrnos.includes(errno)
      // The helper itself is no command of the caller.
      if (missing && place % 2 === 0) return cwdError()
      if (missing && index >= this.#first) return notFoundError(errno)
      return initError(errno)
    }
    return undefined
  }

  /** How it ended; `undefined` when nothing was reported, as after a kill. */
  get end(): TreeEnd | undefined {
    const status = this.running ? this.#record(this.#first + 2) : undefined
    if (status === undefined) return undefined
    const signal = status & 0x7f
    return signal === 0
      ? { kind: 'exit', exitCode: (status >> 8) & 0xff }
      : { kind: 'signal', signal: signalName(signal), outOfMemory: false }
  }

  #record(index: number): number | undefined {
    return this.#bytes.length >= index * 4 + 4 ? this.#bytes.readInt32LE(index * 4) : undefined
  }
}

const missingErrnos = ['ENOENT', 'ENOTDIR', 'EACCES', 'ENOEXEC', 'ELOOP', 'EISDIR']

const initError = (errno: string): PortError =>
  new PortError({
    code: 'sandbox/io',
    message: `The host could not start the command (${errno}). Look at its limits of processes and memory, and at the size of the arguments.`,
    meta: { errno },
    retryable: errno === 'EAGAIN' || errno === 'ENOMEM',
  })

/** Real-time signals have numbers only. */
function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `SIG${number}`
}
