import { ContentStore } from './content-store.ts'
import { KeyedQueue } from './keyed-queue.ts'
import type { LiveWorkspace } from './live-workspace.ts'
import { OperationRecords } from './operation-records.ts'
import { openProcessFolder, type ProcessFolder } from './process-folder.ts'
import { RefRecords } from './ref-records.ts'
import { RunMarks } from './run-marks.ts'
import type { SnapshotSettings } from './snapshot-options.ts'

/** What is on disk, ready for use. */
export interface WorkspaceStores {
  readonly process: ProcessFolder
  readonly objects: ContentStore
  readonly trees: ContentStore
  readonly refs: RefRecords
  readonly operations: OperationRecords
  readonly runs: RunMarks
}

/** What the calls of one adapter object share. */
export interface WorkspaceState {
  readonly settings: SnapshotSettings
  /** Milliseconds by the adapter's clock. */
  readonly now: () => number
  /** Opens the root at the first use. A failure is not remembered. */
  readonly stores: () => Promise<WorkspaceStores>
  /** Whether anything was opened on disk. */
  readonly isOpened: () => boolean
  readonly live: Map<string, LiveWorkspace>
  /** Workspaces by the operation that opened them. */
  readonly opened: Map<string, LiveWorkspace>
  readonly queue: KeyedQueue
}

/** The state of a new adapter object. */
export function workspaceState(settings: SnapshotSettings, now: () => number): WorkspaceState {
  let stores: Promise<WorkspaceStores> | undefined
  return {
    settings,
    now,
    stores: () => {
      stores ??= openStores(settings.root).catch((error: unknown) => {
        stores = undefined
        throw error
      })
      return stores
    },
    isOpened: () => stores !== undefined,
    live: new Map(),
    opened: new Map(),
    queue: new KeyedQueue(),
  }
}

async function openStores(root: string): Promise<WorkspaceStores> {
  const process = await openProcessFolder(root)
  return {
    process,
    objects: new ContentStore(process, 'objects'),
    trees: new ContentStore(process, 'trees'),
    refs: new RefRecords(process),
    operations: new OperationRecords(process),
    runs: new RunMarks(process),
  }
}
