/**
 * Port: workspace. The file tree of a durable run, kept with its steps.
 *
 * Words: a *workspace* is the tree that one run works on now; its *handle* is what `open` and `restore` give and what a
 * sandbox is opened with. A *snapshot* is a tree as it was; its *ref* names it. An *operation* is the key that the caller
 * gives to a call so that it can be repeated.
 *
 * What an implementation must hold:
 * - A snapshot is whole or absent, and durable before `snapshot` resolves, because the journal entry that names its ref is
 *   written next. It never changes.
 * - `restore` gives the tree byte for byte: names, content, directories (empty ones too), the permission bits of files, and
 *   links as links with the same target. What stood in the workspace before is gone. It is whole or not there: a crash on
 *   the way leaves a workspace that nobody can open.
 * - A tree is never followed out of itself: links are kept as links. Sockets, FIFOs and devices are refused.
 * - Refs are opaque; they are valid for every run of the same place, so that a run can begin where another stood. Equal
 *   content is stored once.
 * - `snapshot` costs what has changed, beside one look at each entry's facts.
 * - Two workspaces never share a tree, also not an old and a new one of one run: an owner that was lost may still write.
 * - Repeating an operation gives its first result. An operation that was used for another run, session or call is
 *   `workspace/conflict`, and nothing is done.
 *
 * Capabilities in `info`: `workspace.snapshot`, `workspace.persistent` (snapshots outlive the process),
 * `workspace.encrypted`, `workspace.quota`.
 *
 * What is not promised: owners, groups, times, extended attributes, holes and hard links of files (two names of one file
 * become two files); a snapshot of one moment while a process changes the tree meanwhile; when the room of what was swept
 * is free.
 */

import type { SweepResult } from './blobs.ts'
import type { Configurable } from './configure.ts'
import type { AdapterInfo } from './spec.ts'

export type { SweepResult } from './blobs.ts'
export { isCodedError, PortError, workspaceErrorCodes } from './errors.ts'
export type { AdapterInfo } from './spec.ts'

/** Who asks, and under which key. Each is 1 to 512 UTF-16 units and taken literally. */
export interface WorkspaceOperation {
  readonly operation: string
  readonly runId: string
  readonly sessionId: string
  readonly signal?: AbortSignal
}

/** A workspace that a sandbox can be opened with. */
export interface OpenedWorkspace {
  readonly handle: string
  /** The snapshot that it is equal to; absent: it is empty and was never snapshotted. */
  readonly ref?: string
}

/** What a snapshot took. */
export interface SnapshotResult {
  readonly ref: string
  /** The tree differs from the snapshot before it; without one, from an empty tree. */
  readonly changed: boolean
  readonly files: number
  /** Of all files. */
  readonly bytes: number
  /** Bytes that were not stored yet. */
  readonly writtenBytes: number
}

/** Limits in force; absent: none. */
export interface WorkspaceQuota {
  readonly bytes?: number
  readonly files?: number
  readonly fileBytes?: number
}

/** What an operator wants to know. */
export interface WorkspaceInspection {
  /** How long a snapshot is kept although it is live; absent: as long as it is live. */
  readonly retentionMs?: number
  readonly quota: WorkspaceQuota
  readonly encryptedAtRest: boolean
}

/** What an application passes as `workspace`. */
export interface WorkspaceAdapter extends Configurable {
  readonly info: AdapterInfo

  /**
   * A new workspace for a run: empty, or what the adapter is configured to begin with, which is snapshotted at once.
   * Throws: `workspace/conflict`, `workspace/quota`, `workspace/tree`, `workspace/aborted`, `workspace/io`, `workspace/closed`;
   * `signal.reason`.
   */
  open(operation: WorkspaceOperation): Promise<OpenedWorkspace>

  /**
   * Keeps the tree of an opened workspace as it is now. A tree that is equal to the snapshot before it gives the same ref
   * with `changed: false` and writes nothing.
   * Throws: `workspace/missing` (no such handle), `workspace/quota`, `workspace/tree` (a socket, FIFO or device, what its owner may not read, a name that is
   * not UTF-8; `meta.path`), `workspace/conflict`, `workspace/aborted`, `workspace/io`, `workspace/closed`; nothing is kept then.
   */
  snapshot(operation: WorkspaceOperation & { readonly handle: string }): Promise<SnapshotResult>

  /**
   * A new workspace with the tree of a snapshot.
   * Throws: `workspace/missing` (unknown or swept), `workspace/aborted` (this run's workspace was aborted), `workspace/expired`
   * (its retention is over), `workspace/invalid-ref` (not a ref of this adapter), `workspace/corrupt` (what is stored does not
   * match the ref), `workspace/conflict`, `workspace/io`, `workspace/closed`.
   */
  restore(operation: WorkspaceOperation & { readonly ref: string }): Promise<OpenedWorkspace>

  /**
   * The run was cancelled: its workspace is removed, and this run can open, snapshot and restore nothing any more. Snapshots stay until a
   * sweep, because another run may have begun from one.
   * Throws: `workspace/conflict`, `workspace/io`, `workspace/closed`.
   */
  abort(operation: WorkspaceOperation): Promise<void>

  /** This process is done with a workspace: its tree is removed, its snapshots stay. Idempotent. Throws: `workspace/io`. */
  release(handle: string): Promise<void>

  /**
   * Removes snapshots that are neither in `live` nor made, given or restored within the last `graceMs` by the adapter's clock, live ones
   * past their retention, workspaces whose process is gone, and what is known of operations that only those had.
   * Throws: `workspace/io`, `workspace/closed`.
   */
  sweep(live: Iterable<string>, graceMs: number): Promise<SweepResult>

  /**
   * The run was removed from its store. What is known of it is forgotten, and snapshots that no other run has made, been
   * given or restored may go at once. Idempotent. Core calls it when a store of bounded size drops a run, and restores
   * for a fork what the fork names. Absent: all that stays until a sweep.
   * Throws: `workspace/io`, `workspace/closed`.
   */
  forget?(runId: string): Promise<void>

  /** Retention, quota and encryption in force. Without I/O. */
  inspect(): WorkspaceInspection

  /** Releases every workspace of this object. Idempotent. Later calls throw `workspace/closed`. */
  close(): Promise<void>
}
