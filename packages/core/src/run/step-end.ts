import { HarnessError } from '../errors/harness-error.ts'

/** Whether a body ended because it was told to: its failure says nothing and is not recorded. */
export function isAbort(error: unknown, reason: unknown): boolean {
  if (error === reason || HarnessError.is(error, 'operation/cancelled')) return true
  if (!(error instanceof Error)) return false
  return error.name === 'AbortError' || error.cause === reason
}

/** What a `once` effect ends with when it was started and may have happened. */
export function unknownOutcome(noun: string, key: string): HarnessError {
  return new HarnessError({
    code: noun === 'tool' ? 'tool/unknown-outcome' : 'step/unknown-outcome',
    message: `"${key}" was started and it is not known whether it took effect. It is not run again; check by hand.`,
    meta: { key },
  })
}

/** A step says before what it does with files, because writers wait for each other. */
export function withoutAccess(key: string): TypeError {
  return new TypeError(
    `"${key}" has no sandbox. Give the step the option \`workspace: 'read'\`, or \`workspace: 'write'\` to change files and run commands.`,
  )
}
