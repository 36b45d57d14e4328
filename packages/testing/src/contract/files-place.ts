import type { SandboxAdapter, WorkspaceAdapter, WorkspaceQuota } from '@belay/core/ports'

/** A sandbox and the workspaces that it can be opened with. */
export interface FilesAdapters {
  readonly sandbox: SandboxAdapter
  /** Absent: the sandbox has no workspaces beside it, and only `sandboxContract` can be run. */
  readonly workspace?: WorkspaceAdapter
}

/** Where sandboxes and workspaces keep their trees. Fresh and empty when it is made. */
export interface FilesPlace {
  /** Opens adapters over this place; again, after both were closed, when the workspace declares `workspace.persistent`. */
  open(): Promise<FilesAdapters>
  /** Moves the clock of snapshots. Where absent the clock is taken to be real, and cases wait for short times. */
  advance?(ms: number): void | Promise<void>
  /** Changes what is stored of a snapshot, below the adapter, so that a case can see that restoring notices. */
  damage?(ref: string): Promise<void>
  /** Removes the place. Everything over it was closed before. */
  close(): Promise<void>
}

/** What a case would like its place to be configured with. A factory that cannot do it leaves it out, and the case is skipped. */
export interface FilesWishes {
  readonly quota?: WorkspaceQuota
  readonly retentionMs?: number
}

/**
 * Makes fresh places; each case gets one of its own. Where commands can be run, `sh` and the utilities of POSIX are found
 * on the `PATH` inside.
 */
export type FilesPlaceFactory = (wishes: FilesWishes) => Promise<FilesPlace>
