import { deserialize, serialize } from 'node:v8'
import { isCodedError, PortError } from '@belay/core/ports'
import type { AdapterInfo, ErrorMeta } from '@belay/core/ports'

/** What is told of a store that was opened. */
export interface OpenedStore {
  readonly info: AdapterInfo
  readonly keepFinishedRuns: number | undefined
}

/** Asks for a store, which has this id from then on. Answered with an `OpenedStore`. */
export interface Open {
  readonly type: 'open'
  readonly id: number
  readonly args: readonly string[]
}

/** One call of a store's method, for example `journal.append`. */
export interface Call {
  readonly type: 'call'
  readonly id: number
  readonly store: number
  readonly method: string
  readonly args: readonly unknown[]
}

/** What is asked of the process that serves. */
export type Request = Open | Call

/** The answer to one request. */
export type Answer =
  | { readonly type: 'value'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }

/** Any message between the two processes. */
export type WireMessage = Request | Answer

/** An error taken apart, because an error loses its code and class on the way to another process. */
export type WireError =
  | {
      readonly sort: 'coded'
      readonly code: string
      readonly message: string
      readonly retryable: boolean
      readonly meta: ErrorMeta
    }
  | { readonly sort: 'type' | 'other'; readonly message: string }

/** Text, because the channel's own formats lose NaN, bytes or lone surrogates. */
export function encode(message: WireMessage): string {
  return serialize(message).toString('base64')
}

/** The message of a text that `encode` made; anything else on the channel gives undefined. */
export function decode(text: unknown): WireMessage | undefined {
  if (typeof text !== 'string') return undefined
  try {
    return deserialize(Buffer.from(text, 'base64')) as WireMessage
  } catch {
    return undefined
  }
}

/** Takes an error apart. */
export function toWireError(error: unknown): WireError {
  if (isCodedError(error)) {
    const { code, message, retryable, meta } = error
    return { sort: 'coded', code, message, retryable, meta }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { sort: error instanceof TypeError ? 'type' : 'other', message }
}

/** Puts an error together again. */
export function fromWireError(error: WireError): Error {
  if (error.sort === 'coded') return new PortError<string>(error)
  return error.sort === 'type' ? new TypeError(error.message) : new Error(error.message)
}
