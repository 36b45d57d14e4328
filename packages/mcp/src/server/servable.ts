import type { Json } from '@belay/core/ports'

/**
 * What is used of a harness, its sessions, definitions and runs. `defineHarness`, `defineAgent` and `defineWorkflow` of
 * `@belay/core` give values of these types.
 */
export interface ServableHarness {
  readonly name: string
  inspect(): { readonly definitions: readonly { readonly kind: string; readonly name: string }[] }
  getSession(id: string): Promise<ServableSession>
  readonly runs: { get(runId: string): Promise<{ readonly state: string } | undefined> }
}

export interface ServableSession {
  readonly agents: Readonly<Record<string, ServableRunnable>>
  readonly workflows: Readonly<Record<string, ServableRunnable>>
  [Symbol.asyncDispose](): Promise<void>
}

export interface ServableRunnable {
  start(input: unknown, options?: ServableRunOptions): Promise<ServableRun>
}

export interface ServableRunOptions {
  readonly durable?: { readonly runId: string }
  readonly signal?: AbortSignal
  readonly metadata?: Json
}

export interface ServableRun {
  readonly id: string
  readonly result: Promise<unknown>
  events(): AsyncIterableIterator<ServableEvent>
  cancel(reason?: string): Promise<void>
}

/** An event of a run; only what its type says is read, and never content. */
export interface ServableEvent {
  readonly type: string
}

/** The part of a Standard Schema that is read. */
export interface ServableSchema {
  readonly '~standard': { readonly vendor: string; readonly jsonSchema?: unknown }
}

/** An agent or a workflow. */
export interface ServableDefinition {
  readonly kind: 'agent' | 'workflow'
  readonly name: string
  readonly input: ServableSchema
  readonly output: ServableSchema
}
