import { mkdirSync } from 'node:fs'
import type { OpenedWorkspace, SnapshotResult, SweepResult, WorkspaceOperation } from '@belay/core/ports'
import { LiveWorkspace, readWord, removeWorkspace } from './live-workspace.ts'
import type { OperationCall, OperationRecord } from './operation-records.ts'
import { namesIn, processFoldersOf } from './process-folder.ts'
import { refOf } from './ref-records.ts'
import { runHash } from './run-marks.ts'
import { takeTree } from './snapshot-taking.ts'
import { sweepSnapshots } from './snapshot-sweep.ts'
import { buildTree } from './tree-building.ts'
import type { WorkspaceState, WorkspaceStores } from './workspace-state.ts'
import { fault } from './workspace-fault.ts'

/** An operation under way. */
interface Attempt {
  readonly state: WorkspaceState
  readonly stores: WorkspaceStores
  readonly operation: WorkspaceOperation
  readonly run: string
  readonly call: OperationCall
}

/** `open` of the port. */
export function openWorkspace(
  state: WorkspaceState,
  operation: WorkspaceOperation,
): Promise<OpenedWorkspace> {
  return once(state, operation, { call: 'open' }, async (attempt, before) => {
    const known = openedBefore(attempt)
    if (known !== undefined) return known
    if (before?.ref !== undefined && (await attempt.stores.refs.read(before.ref)) !== undefined) {
      return buildWorkspace(attempt, before.ref)
    }
    return beginWorkspace(attempt)
  })
}

/** `restore` of the port. */
export function restoreWorkspace(
  state: WorkspaceState,
  operation: WorkspaceOperation,
  node: string,
): Promise<OpenedWorkspace> {
  return once(state, operation, { call: 'restore', argument: node }, (attempt) => {
    const known = openedBefore(attempt)
    return known ?? buildWorkspace(attempt, node)
  })
}

/** `snapshot` of the port. */
export function snapshotWorkspace(
  state: WorkspaceState,
  operation: WorkspaceOperation,
  handle: string,
): Promise<SnapshotResult> {
  return once(state, operation, { call: 'snapshot' }, async (attempt, before) => {
    const known = await snapshotBefore(attempt, before)
    if (known !== undefined) return known
    return state.queue.run(`handle ${handle}`, async () => {
      const live = liveOf(attempt, handle)
      const { signal } = operation
      try {
        const { node, tree, result } = await takeTree(state, { live, root: live.tree, signal })
        live.kept = tree
        const record = { ...attempt.call, ref: node, ...result }
        return snapshotResult(await attempt.stores.operations.keep(operation.operation, record, state.now()))
      } catch (error) {
        // Another process may have aborted the run and taken the tree away meanwhile.
        attempt.stores.runs.requireRunning(attempt.run)
        throw error
      }
    })
  })
}

/** `abort` of the port. */
export function abortWorkspace(state: WorkspaceState, operation: WorkspaceOperation): Promise<void> {
  return once(state, operation, { call: 'abort' }, async ({ stores, run }) => {
    await stores.runs.abort(run, state.now())
    for (const live of [...state.live.values()])
      if (live.run === run) await releaseWorkspace(state, live.handle)
    for (const folder of processFoldersOf(stores.process.layout)) {
      for (const handle of namesIn(`${folder}/trees`)) {
        const path = `${folder}/trees/${handle}`
        if (readWord(path, 'run') === run) await removeWorkspace(path)
      }
    }
    await stores.operations.keep(operation.operation, { call: 'abort', run }, state.now())
  })
}

/** `release` of the port. A snapshot under way ends first. */
export async function releaseWorkspace(state: WorkspaceState, handle: string): Promise<void> {
  await state.queue.run(`handle ${handle}`, async () => {
    const live = state.live.get(handle)
    if (live === undefined) return
    state.live.delete(handle)
    for (const [key, opened] of state.opened) if (opened === live) state.opened.delete(key)
    await live.remove()
  })
}

/** `sweep` of the port. */
export async function sweepWorkspaces(
  state: WorkspaceState,
  refs: Iterable<string>,
  graceMs: number,
): Promise<SweepResult> {
  const live = new Set<string>()
  for (const ref of refs) if (ref.startsWith(refOf(''))) live.add(ref.slice(refOf('').length))
  const { process, trees, refs: records } = await state.stores()
  const { retentionMs } = state.settings
  // Two sweeps of one object would take each other's trash for their own.
  return state.queue.run('sweep', () =>
    sweepSnapshots({ process, trees, refs: records, retentionMs }, { live, graceMs, now: state.now() }),
  )
}

/** Runs an operation unless it was another's, or its run was aborted; gives it what is recorded of it. */
async function once<T>(
  state: WorkspaceState,
  operation: WorkspaceOperation,
  call: Omit<OperationCall, 'run'>,
  act: (attempt: Attempt, before: OperationRecord | undefined) => Promise<T> | T,
): Promise<T> {
  operation.signal?.throwIfAborted()
  const stores = await state.stores()
  const named: OperationCall = { ...call, run: runHash(operation) }
  const { run } = named
  return state.queue.run(`operation ${operation.operation}`, async () => {
    const before = await stores.operations.find(operation.operation, named)
    if (call.call !== 'abort') stores.runs.requireRunning(run)
    operation.signal?.throwIfAborted()
    return act({ state, stores, operation, run, call: named }, before)
  })
}

/** What the operation opened, while it is open. */
function openedBefore({ state, operation }: Attempt): OpenedWorkspace | undefined {
  const live = state.opened.get(operation.operation)
  return live === undefined ? undefined : openedOf(live, live.openedWith)
}

function openedOf(live: LiveWorkspace, node: string | undefined): OpenedWorkspace {
  return node === undefined ? { handle: live.handle } : { handle: live.handle, ref: refOf(node) }
}

async function beginWorkspace(attempt: Attempt): Promise<OpenedWorkspace> {
  const { state, stores, operation, run } = attempt
  const live = LiveWorkspace.create(stores.process, run)
  const { from } = state.settings
  return settleInto(attempt, live, async () => {
    if (from === undefined) {
      mkdirSync(live.tree, { mode: 0o755 })
      return undefined
    }
    const { node } = await takeTree(state, { live, root: from, signal: operation.signal })
    live.kept = await buildTree({ ...stores, signal: operation.signal }, live.startBuilding(), node)
    live.endBuilding()
    return node
  })
}

async function buildWorkspace(attempt: Attempt, node: string): Promise<OpenedWorkspace> {
  const { state, stores, operation, run } = attempt
  const live = LiveWorkspace.create(stores.process, run, node)
  return settleInto(attempt, live, async () => {
    await requireKept(state, stores, node)
    live.kept = await buildTree({ ...stores, signal: operation.signal }, live.startBuilding(), node)
    live.endBuilding()
    return node
  })
}

/** Fills a workspace and opens it: whole, known under its operation, of a run that goes on; or it is not there. */
async function settleInto(
  { state, stores, operation, run, call }: Attempt,
  live: LiveWorkspace,
  fill: () => Promise<string | undefined>,
): Promise<OpenedWorkspace> {
  try {
    const node = await fill()
    const record = node === undefined ? call : { ...call, ref: node }
    await stores.operations.keep(operation.operation, record, state.now())
    stores.runs.requireRunning(run)
    live.openedWith = node
    state.live.set(live.handle, live)
    state.opened.set(operation.operation, live)
    return openedOf(live, node)
  } catch (error) {
    await live.remove()
    stores.runs.requireRunning(run)
    throw error
  }
}

/** A snapshot that can be restored; it is touched. Throws `workspace/missing` and `workspace/expired`. */
async function requireKept(state: WorkspaceState, { refs }: WorkspaceStores, node: string): Promise<void> {
  const { retentionMs = Infinity } = state.settings
  const now = state.now()
  const known = await refs.read(node)
  const isOver = known !== undefined && now - known.made > retentionMs
  // One that is over is not touched, or it would never go.
  const record = isOver ? { expired: true } : await refs.touch(node, now)
  if (record === undefined) {
    throw fault('missing', 'There is no such snapshot: it was never made in this root, or it was swept')
  }
  if (record.expired === true) throw fault('expired', 'The retention of this snapshot is over')
}

/** What a snapshot gave before, if it is still there. */
async function snapshotBefore(
  { state, stores }: Attempt,
  before: OperationRecord | undefined,
): Promise<SnapshotResult | undefined> {
  if (before?.ref === undefined) return undefined
  const record = await stores.refs.touch(before.ref, state.now())
  return record === undefined ? undefined : snapshotResult(before)
}

function snapshotResult(record: OperationRecord): SnapshotResult {
  const { ref = '', changed = false, files = 0, bytes = 0, writtenBytes = 0 } = record
  return { ref: refOf(ref), changed, files, bytes, writtenBytes }
}

function liveOf({ state, run }: Attempt, handle: string): LiveWorkspace {
  const live = state.live.get(handle)
  if (live !== undefined && live.run === run) return live
  throw fault('missing', 'This run has no such workspace here: it was released, or another process opened it')
}
