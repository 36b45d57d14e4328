import type { WorkspaceOperation } from '../ports/workspace.ts'
import { refusal } from './in-memory-snapshots.ts'

/** An operation that was done, and what it gave. */
interface Done {
  readonly call: string
  readonly runId: string
  readonly sessionId: string
  /** What it was done on. */
  readonly subject: string
  readonly result: unknown
}

/** One call of a workspace under the key of its caller. */
export interface OperationCall extends WorkspaceOperation {
  readonly call: 'open' | 'snapshot' | 'restore' | 'abort'
  /** The handle or the ref; absent for calls without. */
  readonly subject?: string
}

/** What is known of operations. */
export interface OperationLog {
  /** The first result of this operation, after the check that it is the same call. */
  resultOf(call: OperationCall): unknown
  record(call: OperationCall, result: unknown): void
  /** Forgets those whose result was of something that is gone. */
  forget(isGone: (result: unknown) => boolean): void
  /** Forgets those of a run, all or those with such a result. Looks at no other. */
  forgetRun(runId: string, isGone?: (result: unknown) => boolean): void
  clear(): void
}

export function operationLog(): OperationLog {
  const done = new Map<string, Done>()
  const ofRun = new Map<string, Set<string>>()

  function remove(operation: string, runId: string): void {
    done.delete(operation)
    const operations = ofRun.get(runId)
    operations?.delete(operation)
    if (operations?.size === 0) ofRun.delete(runId)
  }

  return {
    resultOf: ({ operation, call, runId, sessionId, subject = '' }) => {
      const before = done.get(operation)
      if (before === undefined) return undefined
      const isSame =
        before.call === call &&
        before.runId === runId &&
        before.sessionId === sessionId &&
        before.subject === subject
      if (isSame) return before.result
      throw refusal(
        'conflict',
        'This operation was used for another run, session or call. Use a key of its own.',
      )
    },
    record: ({ operation, call, runId, sessionId, subject = '' }, result) => {
      done.set(operation, { call, runId, sessionId, subject, result })
      const operations = ofRun.get(runId)
      if (operations === undefined) ofRun.set(runId, new Set([operation]))
      else operations.add(operation)
    },
    forget: (isGone) => {
      for (const [operation, { runId, result }] of done) if (isGone(result)) remove(operation, runId)
    },
    forgetRun: (runId, isGone = () => true) => {
      for (const operation of ofRun.get(runId) ?? [])
        if (isGone(done.get(operation)?.result)) remove(operation, runId)
    },
    clear: () => {
      done.clear()
      ofRun.clear()
    },
  }
}

/** Refuses names that are none. */
export function checkOperation({ operation, runId, sessionId }: WorkspaceOperation): void {
  for (const [name, value] of Object.entries({ operation, runId, sessionId })) {
    if (typeof value === 'string' && value !== '' && value.length <= 512) continue
    throw new TypeError(`${name} has to be 1 to 512 UTF-16 units.`)
  }
}
