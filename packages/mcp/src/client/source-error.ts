import { PortError, type ErrorMeta, type toolSourceErrorCodes } from '@belay/core/ports'

export type SourceErrorCode = (typeof toolSourceErrorCodes)[keyof typeof toolSourceErrorCodes]

/** What is known of a failure beside its code. */
export interface SourceFault {
  readonly message: string
  /** Nothing has taken effect, and the same may succeed when it is made again. */
  readonly retryable?: boolean
  readonly meta?: ErrorMeta
  readonly cause?: unknown
}

/** An error of a source. What a server says is content: it is at most the cause, never the message or `meta`. */
export function sourceError(code: SourceErrorCode, fault: SourceFault): PortError<SourceErrorCode> {
  return new PortError({ code, ...fault })
}

/** The same error of something that has no effect: it may be made again where waiting may help. */
export function harmless(error: PortError): PortError {
  const { code, message, meta, cause, retryable } = error
  const mayHelp =
    code === 'tool-source/timeout' || (code === 'tool-source/unavailable' && !isFinal(meta['reason']))
  return retryable || !mayHelp ? error : new PortError({ code, message, meta, cause, retryable: true })
}

/** Reasons that stay as they are until somebody changes something. */
const isFinal = (reason: unknown): boolean => ['no_exec', 'not_started', 'redirect'].includes(String(reason))
