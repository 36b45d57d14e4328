import type {
  Json,
  JsonObject,
  MemoryListQuery,
  MemoryMatch,
  MemoryPage,
  MemoryRecord,
} from '../ports/index.ts'

/** Options of `write`. */
export interface MemoryWriteOptions {
  /** Milliseconds until the record is gone; absent: it stays. Needs `memory.ttl`. */
  readonly ttlMs?: number
  /** At most 64, of 1 to 256 characters each. */
  readonly tags?: readonly string[]
  readonly metadata?: JsonObject
}

/** Options of `search`. */
export interface MemorySearchOptions {
  /** 1 to 1,000. Default 10. */
  readonly limit?: number
}

/** The memory of one scope. Keys are 1 to 256 of A-Z a-z 0-9 _ . - : */
export interface MemoryHandle {
  /** The record of a key; `undefined` when there is none or its time is over. */
  read(key: string): Promise<MemoryRecord | undefined>
  /** Puts a value in the place of what the key held, with its tags, metadata and time to live. */
  write(key: string, value: Json, options?: MemoryWriteOptions): Promise<void>
  /** Whether there was a record. After a crash in the call it may be false for one that this call removed. */
  delete(key: string): Promise<boolean>
  /** Records by key, in parts: `cursor` of one part gives the next. */
  list(query?: MemoryListQuery): Promise<MemoryPage>
  /** Records that hold every word of the text, best first. Needs `memory.search`. */
  search(text: string, options?: MemorySearchOptions): Promise<readonly MemoryMatch[]>
}

/** `ctx.memory` of a workflow. Each operation is a step. */
export interface WorkflowMemory {
  /** Of the session, beyond this run. */
  readonly session: MemoryHandle
  /** Of this run and all its children; removed with the run. */
  readonly run: MemoryHandle
  /** Of a user, in every session. Without an id: `metadata.userId`. */
  user(id?: string): MemoryHandle
  /** Of a tenant, in every session. Without an id: `metadata.tenantId`. */
  tenant(id?: string): MemoryHandle
}

/** `ctx.memory` of a tool. Each operation is made at once: the call of the tool is the step. */
export interface ToolMemory extends WorkflowMemory {
  /** Of the calling agent by its name, in every session; absent when a workflow calls the tool. */
  readonly agent?: MemoryHandle
}
