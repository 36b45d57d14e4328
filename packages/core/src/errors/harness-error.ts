import { isCodedError, PortError, type ErrorMeta } from '../ports/index.ts'
import type { ErrorCode } from './codes.ts'

/** What a `HarnessError` is made from. */
export interface HarnessErrorInit {
  readonly code: ErrorCode
  readonly message: string
  readonly retryable?: boolean
  readonly meta?: ErrorMeta
  readonly cause?: unknown
}

/**
 * An error with a code that is part of the contract. Identity goes by a registered symbol and the code, so
 * it survives two copies of the package: use `HarnessError.is(error, 'run/conflict')`, not `instanceof`.
 */
export class HarnessError extends PortError<ErrorCode> {
  constructor(init: HarnessErrorInit) {
    super(init)
    this.name = 'HarnessError'
  }

  /** Whether `error` is one of Belay's, with that code when one is given; port errors count. */
  static is<Code extends ErrorCode>(error: unknown, code?: Code): error is PortError<Code> {
    return isCodedError(error, code)
  }
}
