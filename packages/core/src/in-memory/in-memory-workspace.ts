import type { Capability } from '../ports/spec.ts'
import { portSpecs } from '../ports/spec.ts'
import type { OpenedWorkspace, SnapshotResult, WorkspaceAdapter, WorkspaceQuota } from '../ports/workspace.ts'
import { coreVersion } from '../version.ts'
import { checkOperation, operationLog, type OperationCall } from './in-memory-operations.ts'
import { refusal, snapshotShelf } from './in-memory-snapshots.ts'
import { emptyTree, type Tree } from './in-memory-tree.ts'

/** What workspaces in memory are made from. */
export interface WorkspacePlace {
  readonly quota: WorkspaceQuota
  readonly retentionMs: number | undefined
  readonly clock: () => number
}

/** A tree that a run works on. */
interface Workspace {
  readonly runId: string
  readonly tree: Tree
  /** Of the snapshot that it was last equal to. */
  last: { readonly ref: string; readonly version: number } | undefined
}

/** Workspaces whose snapshots live and die with this object, and their trees for the sandboxes beside them. */
export function inMemoryWorkspace({ quota, retentionMs, clock }: WorkspacePlace): {
  readonly workspace: WorkspaceAdapter
  readonly treeOf: (handle: string) => Tree
} {
  const workspaces = new Map<string, Workspace>()
  const aborted = new Set<string>()
  const log = operationLog()
  const shelf = snapshotShelf(clock, retentionMs)
  let count = 0
  let isClosed = false

  function requireOpen(): void {
    if (isClosed) throw refusal('closed', 'The workspaces are closed. Make others.')
  }

  /** The first result of an operation is its only one. */
  function once<Result>(call: OperationCall, act: () => Result): Result {
    requireOpen()
    checkOperation(call)
    call.signal?.throwIfAborted()
    if (aborted.has(call.runId) && call.call !== 'abort') {
      throw refusal('aborted', 'The workspace of this run was aborted, and stays so. Start another run.')
    }
    const before = log.resultOf(call)
    if (before !== undefined) return before as Result
    const result = act()
    log.record(call, result)
    return result
  }

  function add(runId: string, tree: Tree, ref?: string): OpenedWorkspace {
    count += 1
    const handle = `workspace-${count}`
    workspaces.set(handle, {
      runId,
      tree,
      last: ref === undefined ? undefined : { ref, version: tree.version },
    })
    return Object.freeze({ handle, ...(ref !== undefined && { ref }) })
  }

  function find(handle: string): Workspace {
    const found = workspaces.get(handle)
    if (found === undefined)
      throw refusal('missing', 'There is no such workspace, or it was released. Open or restore one.')
    return found
  }

  function remove(handle: string): void {
    const workspace = workspaces.get(handle)
    if (workspace === undefined) return
    workspaces.delete(handle)
    log.forgetRun(workspace.runId, (result) => (result as Partial<OpenedWorkspace>).handle === handle)
  }

  function snapshotNow(workspace: Workspace): SnapshotResult {
    const { runId, tree, last } = workspace
    const { files, bytes, version } = tree
    // Nothing was written since: there is nothing to look at.
    if (last?.version === version && shelf.touch(last.ref)) {
      return Object.freeze({ ref: last.ref, changed: false, files, bytes, writtenBytes: 0 })
    }
    const { ref, writtenBytes } = shelf.keep(tree, runId)
    workspace.last = { ref, version }
    return Object.freeze({
      ref,
      changed: last === undefined ? version > 0 : ref !== last.ref,
      files,
      bytes,
      writtenBytes,
    })
  }

  const capabilities: Capability[] = ['workspace.snapshot']
  if (Object.values(quota).some((limit) => limit !== undefined)) capabilities.push('workspace.quota')

  const workspace: WorkspaceAdapter = {
    info: {
      id: 'in-memory',
      packageName: '@belay/core',
      version: coreVersion,
      specs: { workspace: portSpecs.workspace },
      capabilities,
    },
    open: async (operation) =>
      once({ ...operation, call: 'open' }, () => add(operation.runId, emptyTree(clock()))),
    snapshot: async (operation) => {
      const { handle } = operation
      const result = once({ ...operation, call: 'snapshot', subject: handle }, () =>
        snapshotNow(find(handle)),
      )
      shelf.touch(result.ref)
      return result
    },
    restore: async (operation) => {
      const { ref, runId } = operation
      return once({ ...operation, call: 'restore', subject: ref }, () =>
        add(runId, shelf.take(ref, runId), ref),
      )
    },
    abort: async (operation) => {
      once({ ...operation, call: 'abort' }, () => {
        aborted.add(operation.runId)
        for (const [handle, { runId }] of workspaces) if (runId === operation.runId) remove(handle)
        return true
      })
    },
    release: async (handle) => remove(handle),
    sweep: async (live, graceMs) => {
      requireOpen()
      const gone = new Set<string>()
      const swept = shelf.sweep(new Set(live), graceMs, (ref) => gone.add(ref))
      if (gone.size > 0) log.forget((result) => gone.has((result as Partial<SnapshotResult>).ref ?? ''))
      return swept
    },
    forget: async (runId) => {
      requireOpen()
      for (const [handle, opened] of workspaces) if (opened.runId === runId) remove(handle)
      aborted.delete(runId)
      log.forgetRun(runId)
      shelf.forget(runId)
    },
    inspect: () => ({ quota, encryptedAtRest: false, ...(retentionMs !== undefined && { retentionMs }) }),
    close: async () => {
      isClosed = true
      for (const each of [workspaces, aborted, log, shelf]) each.clear()
    },
  }
  return { workspace, treeOf: (handle) => find(handle).tree }
}
