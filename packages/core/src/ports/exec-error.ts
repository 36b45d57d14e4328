import { PortError, type PortErrorInit, type sandboxErrorCodes } from './errors.ts'
import type { ExecOutput } from './sandbox.ts'

type SandboxErrorCode = (typeof sandboxErrorCodes)[keyof typeof sandboxErrorCodes]

/** A command that did not end by itself. Its output stays beside the error: it is content, and no part of `meta` or of JSON. */
export class ExecError extends PortError<SandboxErrorCode> {
  readonly output: ExecOutput

  constructor(init: PortErrorInit<SandboxErrorCode> & { readonly output: ExecOutput }) {
    super(init)
    this.name = 'ExecError'
    this.output = init.output
    // Loggers that print every own property must not print what a command wrote.
    Object.defineProperty(this, 'output', { enumerable: false })
  }
}
