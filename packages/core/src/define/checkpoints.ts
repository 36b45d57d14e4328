import type { Json, JsonObject } from '../ports/index.ts'

/** What a checkpoint is for. */
export type CheckpointKind = 'summary' | 'handoff' | 'goal_state'

/** What `write` takes. */
export interface CheckpointInit {
  readonly kind: CheckpointKind
  /** A whole number from 0; with `kind` it is the key in the run. */
  readonly sequence: number
  readonly payload: Json
  readonly metadata?: JsonObject
}

/** Names one checkpoint. */
export interface CheckpointKey {
  readonly kind: CheckpointKind
  readonly sequence: number
}

/** Names one checkpoint of this run, or of an earlier one of the session. */
export interface CheckpointAddress extends CheckpointKey {
  /** Default: this run. */
  readonly runId?: string
}

/** Which checkpoints `list` gives. */
export interface CheckpointQuery {
  readonly kind?: CheckpointKind
  /** A run of this session: all its checkpoints. Default: those that the caller, or what it called, wrote in this run. */
  readonly runId?: string
}

/** A checkpoint without its payload. */
export interface CheckpointInfo extends CheckpointKey {
  readonly runId: string
  readonly sessionId: string
  /** The workflow that was run; absent when an agent was. */
  readonly workflow?: string
  /** The agent whose tool wrote it. */
  readonly agent?: string
  readonly metadata: JsonObject
  /** Bytes of the payload's JSON in UTF-8. */
  readonly payloadSizeBytes: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** A checkpoint. */
export interface Checkpoint extends CheckpointInfo {
  readonly payload: Json
}

/** `ctx.checkpoints`: records that a run leaves for what comes after it. */
export interface Checkpoints {
  /** The same key with the same payload again gives the first record; with another payload it is `checkpoint/conflict`. */
  write(init: CheckpointInit): Promise<CheckpointInfo>
  read(address: CheckpointAddress): Promise<Checkpoint | undefined>
  /** In the order of `sequence`. */
  list(query?: CheckpointQuery): Promise<readonly Checkpoint[]>
  /** Whether there was one. */
  delete(key: CheckpointKey): Promise<boolean>
}
