import type { Platform, WorkspaceAdapter } from '@belay/core/ports'
import { packageVersion } from '../version.ts'
import { nodeOf } from './ref-records.ts'
import { removeTree } from './tree-removal.ts'
import {
  requireNames,
  snapshotSettings,
  type SnapshotOptions,
  type SnapshotSettings,
} from './snapshot-options.ts'
import {
  abortWorkspace,
  openWorkspace,
  releaseWorkspace,
  restoreWorkspace,
  snapshotWorkspace,
  sweepWorkspaces,
} from './workspace-calls.ts'
import { fault, portErrorOf } from './workspace-fault.ts'
import { workspaceState, type WorkspaceState } from './workspace-state.ts'

export type { SnapshotOptions } from './snapshot-options.ts'

/** The workspaces of one root. */
export interface LocalSnapshots {
  readonly workspace: WorkspaceAdapter
  /** The host's folder of an opened workspace; `undefined` when it is not open here. */
  treeOf(handle: string): string | undefined
}

/** Workspaces as folders of the host, their snapshots by content. Throws `TypeError` for wrong options; no I/O. */
export function localSnapshots(options: SnapshotOptions): LocalSnapshots {
  const settings = snapshotSettings(options)
  let platform: Platform | undefined
  const state = workspaceState(settings, () => Math.round(platform?.now() ?? Date.now()))
  const workspace = adapterOf(state, settings, (given) => (platform = given))
  return { workspace, treeOf: (handle) => state.live.get(handle)?.tree }
}

function adapterOf(
  state: WorkspaceState,
  settings: SnapshotSettings,
  use: (platform: Platform) => void,
): WorkspaceAdapter {
  let isClosed = false
  const underWay = new Set<Promise<unknown>>()
  const guarded = async <T>(call: string, act: () => Promise<T>): Promise<T> => {
    if (isClosed) throw fault('closed', 'The workspaces were closed')
    const running = act()
    underWay.add(running)
    try {
      return await running
    } catch (error) {
      throw portErrorOf(error, call)
    } finally {
      underWay.delete(running)
    }
  }
  return {
    info: {
      id: 'local',
      packageName: '@belay/local-sandbox',
      version: packageVersion,
      specs: { workspace: 'workspace/1' },
      capabilities: ['workspace.snapshot', 'workspace.persistent', 'workspace.quota'],
    },
    configure: ({ platform }) => use(platform),
    open: (operation) =>
      guarded('open', async () => {
        requireNames(operation)
        return openWorkspace(state, operation)
      }),
    snapshot: (operation) =>
      guarded('snapshot', async () => {
        requireNames(operation)
        requireText(operation.handle, 'handle')
        return snapshotWorkspace(state, operation, operation.handle)
      }),
    restore: (operation) =>
      guarded('restore', async () => {
        requireNames(operation)
        requireText(operation.ref, 'ref')
        return restoreWorkspace(state, operation, nodeOf(operation.ref))
      }),
    abort: (operation) =>
      guarded('abort', async () => {
        requireNames(operation)
        return abortWorkspace(state, operation)
      }),
    release: async (handle) => {
      if (!isClosed) await guarded('release', () => releaseWorkspace(state, handle))
    },
    sweep: (live, graceMs) =>
      guarded('sweep', async () => {
        if (!Number.isFinite(graceMs) || graceMs < 0) {
          throw new TypeError('The grace of a sweep is a number of milliseconds, 0 or more')
        }
        return sweepWorkspaces(state, live, graceMs)
      }),
    inspect: () => ({
      quota: settings.quota,
      encryptedAtRest: false,
      ...(settings.retentionMs === undefined ? {} : { retentionMs: settings.retentionMs }),
    }),
    close: async () => {
      if (isClosed) return
      isClosed = true
      // What is under way ends by itself.
      await Promise.allSettled([...underWay])
      await closeState(state)
    },
  }
}

async function closeState(state: WorkspaceState): Promise<void> {
  try {
    for (const handle of [...state.live.keys()]) await releaseWorkspace(state, handle)
    if (state.isOpened()) await removeTree((await state.stores()).process.path)
  } catch (error) {
    throw portErrorOf(error, 'close')
  }
}

function requireText(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`The ${name} of a workspace call is a text`)
}
