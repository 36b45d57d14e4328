import type { SnapshotResult } from '@belay/core/ports'
import type { KeptFolder } from './kept-tree.ts'
import type { LiveWorkspace } from './live-workspace.ts'
import type { WorkspaceState } from './workspace-state.ts'
import { scanTree } from './tree-scan.ts'
import { storeTree, TreeMoved } from './tree-storing.ts'
import { fault } from './workspace-fault.ts'

/** How often a tree is looked at again in which entries turn into other kinds while it is read. */
const mostScans = 5

/** A tree that is stored. */
export interface TakenTree {
  readonly node: string
  readonly tree: KeptFolder
  readonly result: Omit<SnapshotResult, 'ref'>
}

/** What is taken. */
export interface TakeRequest {
  readonly live: LiveWorkspace
  /** A folder of the host: the tree of the workspace, or what it begins with. */
  readonly root: string
  readonly signal: AbortSignal | undefined
}

/**
 * Stores the tree of a folder and makes it the base of its workspace. Contents are durable first, then the record of the
 * snapshot; what is stored of a tree that fails on the way is swept later.
 */
export async function takeTree(
  state: WorkspaceState,
  { live, root, signal }: TakeRequest,
): Promise<TakenTree> {
  const { process, objects, trees, refs, runs } = await state.stores()
  const { quota } = state.settings
  live.startIntent()
  try {
    for (let scan = 1; ; scan++) {
      try {
        const tree = await scanTree({ root, before: live.kept, quota, signal })
        const writtenBytes = await storeTree({ process, objects, trees, quota, signal }, root, tree)
        const node = tree.hash as string
        const { files, bytes } = tree
        runs.requireRunning(live.run)
        await refs.keep(node, { files, bytes, made: state.now() }, state.settings.retentionMs)
        const changed = node !== live.base
        if (changed) live.setBase(node)
        return { node, tree, result: { changed, files, bytes, writtenBytes } }
      } catch (error) {
        if (!(error instanceof TreeMoved)) throw error
        if (scan === mostScans)
          throw fault('io', 'Entries of the tree turn into others while it is read. End what does it.')
      }
    }
  } finally {
    await live.endIntent()
  }
}
