import { PortError } from '@belay/core/ports'
import type { WorkspaceAdapter, WorkspaceQuota } from '@belay/core/ports'

/** What an application says about workspaces. */
export interface SnapshotOptions {
  /** Absolute and checked: it exists and can be written. Workspaces use only `rootFolders.workspaces` below it. */
  readonly root: string
  readonly quota?: WorkspaceQuota
  /** A folder of the host whose content a new workspace begins with. */
  readonly from?: string
  readonly retentionMs?: number
}

/** The workspaces of one root. */
export interface LocalSnapshots {
  readonly workspace: WorkspaceAdapter
  /** The host's folder of an opened workspace; `undefined` when it is not open here. */
  treeOf(handle: string): string | undefined
}

/** Throws `TypeError` for wrong options. */
export function localSnapshots(_options: SnapshotOptions): LocalSnapshots {
  throw new PortError({
    code: 'workspace/io',
    message: 'There are no workspaces yet. Use localSandbox without them.',
  })
}
