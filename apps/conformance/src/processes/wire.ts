import { HarnessError } from '@belay/core'
import type { RunInfo } from '@belay/core'

/** What a worker process can be asked for: one argument, one answer. */
export interface Calls {
  start(run: { sessionId: string; flow: Flow; input: unknown; runId?: string }): Promise<string>
  /** Of a run that this process has a handle of. */
  result(runId: string): Promise<unknown>
  resume(runId: string): Promise<string>
  recover(): Promise<Record<'resumed' | 'abandoned' | 'poisoned' | 'skipped', readonly string[]>>
  /** Lets a harness worker look for runs every so many milliseconds. */
  work(pollMs: number): Promise<void>
  stopWork(): Promise<void>
  signal(signal: { runId: string; name: string; value: unknown; commandId?: string }): Promise<void>
  cancel(cancel: { runId: string; reason: string; commandId?: string }): Promise<void>
  extend(more: { runId: string; modelCalls: number }): Promise<void>
  get(runId: string): Promise<RunInfo | undefined>
  /** Committed events up to the end of the run. */
  events(from: { runId: string; after: number }): Promise<readonly unknown[]>
  /** Lets held steps pass. */
  open(): Promise<void>
  shutdown(): Promise<void>
}

/** Workflows of a worker process. */
type Flow = 'steps' | 'held' | 'live' | 'waiting' | 'metered' | 'mixed'

/** A message to a worker process. */
export interface Call {
  readonly id: number
  readonly name: keyof Calls
  readonly argument: unknown
}

/** A message from it. */
export type FromWorker =
  | { readonly note: string }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: PlainError }

/** An error as it travels between processes. */
export interface PlainError {
  readonly code: string
  readonly message: string
  readonly meta: Readonly<Record<string, unknown>>
}

/** Takes an error apart. */
export function errorOf(error: unknown): PlainError {
  const message = error instanceof Error ? error.message : String(error)
  const coded = HarnessError.is(error)
    ? { code: error.code as string, meta: error.meta }
    : { code: 'unknown', meta: {} }
  return { ...coded, message }
}
