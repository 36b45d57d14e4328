import { HarnessError } from '../errors/harness-error.ts'
import type { ResultType } from '../history/event.ts'
import type { PartialAsk, ResultEntry } from '../history/fold.ts'

/** What the program asks for, as far as the journal can contradict it. */
export interface AskedFor {
  readonly key: string
  readonly name: string
  readonly type: ResultType
  readonly inputHash: string | undefined
}

/** What the journal holds at the key that is asked for. */
export interface KnownAtKey {
  readonly result: ResultEntry | undefined
  readonly partial: PartialAsk | undefined
}

/** In which way a program asks for something else than the journal holds at that key; `undefined` when it does not. */
export function mismatchOf(asked: AskedFor, known: KnownAtKey): string | undefined {
  const { key, name, type, inputHash } = asked
  const { result, partial } = known
  const recordedName = result?.data.name ?? partial?.name
  if (recordedName !== undefined && recordedName !== name) {
    return `asked for "${name}" at "${key}", which is "${recordedName}"`
  }
  if (result !== undefined) {
    if (result.type !== type) return `asked for ${type} at "${key}", which is ${result.type}`
    if (result.data.inputHash !== inputHash) return `asked for "${key}" with another input`
    return undefined
  }
  if (partial === undefined) return undefined
  const kind = type === 'wait.resolved' ? 'wait' : 'step'
  return partial.kind === kind ? undefined : `asked for a ${kind} at "${key}", which is a ${partial.kind}`
}

/** The error of code that no longer fits its journal. */
export function divergedError(
  actual: string,
  expected: { readonly what: string; readonly position: number },
): HarnessError {
  const { what, position } = expected
  return new HarnessError({
    code: 'run/diverged',
    message: `The program ${actual}, but the journal holds ${what} at position ${position}. Run the code that wrote it, or fork the run.`,
    meta: { expected: what, actual, position },
  })
}
