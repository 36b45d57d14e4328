import { isCodedError, type ErrorMeta } from '../ports/index.ts'
import type { ErrorCode } from './codes.ts'
import { HarnessError } from './harness-error.ts'

/** A failure as the journal keeps it: enough to throw an equal error again, without causes or stacks. */
export interface ErrorRecord {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly retryable?: boolean
  readonly meta?: ErrorMeta
}

/** Longer messages are cut: an error is a sentence, and some libraries put whole answers into it. */
const maxMessageLength = 8_192

/** Turns anything that was thrown into a record. */
export function serializeError(error: unknown): ErrorRecord {
  try {
    return recordOf(error)
  } catch {
    return { name: 'Error', message: 'An error was thrown that cannot be read.', code: 'step/failed' }
  }
}

function recordOf(error: unknown): ErrorRecord {
  if (isCodedError(error)) {
    return {
      name: error.name,
      message: wellFormed(error.message),
      code: error.code,
      ...(error.retryable && { retryable: true }),
      ...metaOf(error.meta),
    }
  }
  if (error instanceof Error) return { name: wellFormed(error.name), message: wellFormed(error.message) }
  return {
    name: 'Error',
    message: `A value was thrown that is not an error: ${describe(error)}`,
    code: 'step/failed',
  }
}

/** Turns a record into an error. Live code and replay both receive this one, so that both take the same branch. */
export function deserializeError(record: ErrorRecord, original?: unknown): Error {
  const error =
    record.code === undefined
      ? new Error(record.message)
      : new HarnessError({
          code: record.code as ErrorCode,
          message: record.message,
          ...(record.retryable !== undefined && { retryable: record.retryable }),
          ...(record.meta !== undefined && { meta: record.meta }),
        })
  error.name = record.name
  if (original instanceof Error && original.stack !== undefined) error.stack = original.stack
  return error
}

/**
 * Facts as JSON, because whatever threw may have put anything there. Facts that cannot be stored are left out:
 * the failure that they belong to matters more.
 */
function metaOf(meta: unknown): { readonly meta?: ErrorMeta } {
  if (typeof meta !== 'object' || meta === null || Object.keys(meta).length === 0) return {}
  try {
    return { meta: JSON.parse(JSON.stringify(meta, wellFormedValue)) as ErrorMeta }
  } catch {
    return {}
  }
}

function wellFormedValue(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}

function wellFormed(text: unknown): string {
  const message = typeof text === 'string' ? text : String(text)
  return (
    message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message
  ).toWellFormed()
}

function describe(value: unknown): string {
  try {
    return wellFormed(typeof value === 'string' ? value : String(value)).slice(0, 200)
  } catch {
    return typeof value
  }
}
