import { createHash } from 'node:crypto'
import { PortError, workspaceErrorCodes } from '../ports/errors.ts'
import type { SweepResult } from '../ports/workspace.ts'
import { copyTree, type Tree, type TreeDirectory } from './in-memory-tree.ts'

/** A tree as it was. Nobody holds it but the shelf, which gives copies. */
interface Snapshot {
  readonly tree: Tree
  /** Hashes of its contents, each once, with their sizes. */
  readonly contents: ReadonlyMap<string, number>
  readonly madeAt: number
  touchedAt: number
  /** Runs that made it, were given it or restored it. */
  readonly runs: Set<string>
}

/** Where snapshots are kept. */
export interface SnapshotShelf {
  /** Keeps a copy of the tree for a run; what was there already is only touched. */
  keep(tree: Tree, runId: string): { readonly ref: string; readonly writtenBytes: number }
  /** A copy of a kept tree for a run. Throws `workspace/invalid-ref`, `workspace/missing`, `workspace/expired`. */
  take(ref: string, runId: string): Tree
  /** Whether there was something to touch. */
  touch(ref: string): boolean
  /** Removes what only this run had. */
  forget(runId: string): void
  /** Removes what is neither live nor young, and tells of each. */
  sweep(live: ReadonlySet<string>, graceMs: number, onRemoved: (ref: string) => void): SweepResult
  clear(): void
}

const refForm = /^in-memory:[0-9a-f]{64}$/

/** Snapshots in memory, by the hash of what is in them. */
export function snapshotShelf(clock: () => number, retentionMs = Number.POSITIVE_INFINITY): SnapshotShelf {
  const snapshots = new Map<string, Snapshot>()
  /** In how many snapshots a content is. */
  const uses = new Map<string, number>()
  /** What each run has. */
  const refsOf = new Map<string, Set<string>>()
  /** A file is hashed once: its bytes never change. */
  const hashes = new WeakMap<Uint8Array, string>()

  function hashOf(bytes: Uint8Array): string {
    const known = hashes.get(bytes)
    if (known !== undefined) return known
    const made = createHash('sha256').update(bytes).digest('hex')
    hashes.set(bytes, made)
    return made
  }

  /** Names are quoted, so that no name looks like two entries. */
  function linesOf(directory: TreeDirectory, contents: Map<string, number>, prefix = ''): string[] {
    const names = [...directory.entries.keys()].sort()
    return names.flatMap((name) => {
      const node = directory.entries.get(name)
      const path = `${prefix}/${name}`
      if (node?.kind !== 'file') {
        return [JSON.stringify([path]), ...(node === undefined ? [] : linesOf(node, contents, path))]
      }
      const hash = hashOf(node.bytes)
      contents.set(hash, node.bytes.length)
      return [JSON.stringify([path, node.mode, hash])]
    })
  }

  function give(ref: string, snapshot: Snapshot, runId: string): void {
    snapshot.runs.add(runId)
    const refs = refsOf.get(runId)
    if (refs === undefined) refsOf.set(runId, new Set([ref]))
    else refs.add(ref)
  }

  function drop(ref: string, { contents, runs }: Snapshot): number {
    snapshots.delete(ref)
    for (const runId of runs) {
      const refs = refsOf.get(runId)
      refs?.delete(ref)
      if (refs?.size === 0) refsOf.delete(runId)
    }
    let freed = 0
    for (const [hash, size] of contents) {
      const left = (uses.get(hash) ?? 1) - 1
      if (left > 0) uses.set(hash, left)
      else {
        uses.delete(hash)
        freed += size
      }
    }
    return freed
  }

  function touch(ref: string): boolean {
    const snapshot = snapshots.get(ref)
    if (snapshot !== undefined) snapshot.touchedAt = clock()
    return snapshot !== undefined
  }

  return {
    keep: (tree, runId) => {
      const contents = new Map<string, number>()
      const text = linesOf(tree.root, contents).join('\n')
      const ref = `in-memory:${createHash('sha256').update(text).digest('hex')}`
      const now = clock()
      const before = snapshots.get(ref)
      if (before !== undefined) {
        before.touchedAt = now
        give(ref, before, runId)
        return { ref, writtenBytes: 0 }
      }
      let writtenBytes = 0
      for (const [hash, size] of contents) {
        const used = uses.get(hash) ?? 0
        if (used === 0) writtenBytes += size
        uses.set(hash, used + 1)
      }
      const snapshot = {
        tree: copyTree(tree),
        contents,
        madeAt: now,
        touchedAt: now,
        runs: new Set<string>(),
      }
      snapshots.set(ref, snapshot)
      give(ref, snapshot, runId)
      return { ref, writtenBytes }
    },
    take: (ref, runId) => {
      if (typeof ref !== 'string' || !refForm.test(ref)) {
        throw refusal('invalidRef', 'This is not the ref of a snapshot in memory. Give what snapshot gave.')
      }
      const snapshot = snapshots.get(ref)
      if (snapshot === undefined) {
        throw refusal('missing', 'There is no such snapshot: it was swept, or is of another process.')
      }
      if (clock() - snapshot.madeAt > retentionMs) {
        throw refusal('expired', `The snapshot is older than the ${retentionMs} ms that snapshots are kept.`)
      }
      snapshot.touchedAt = clock()
      give(ref, snapshot, runId)
      return copyTree(snapshot.tree)
    },
    touch,
    forget: (runId) => {
      const refs = refsOf.get(runId) ?? []
      refsOf.delete(runId)
      for (const ref of refs) {
        const snapshot = snapshots.get(ref)
        snapshot?.runs.delete(runId)
        if (snapshot?.runs.size === 0) drop(ref, snapshot)
      }
    },
    sweep: (live, graceMs, onRemoved) => {
      const now = clock()
      let removed = 0
      let bytes = 0
      for (const [ref, snapshot] of snapshots) {
        const isKept = live.has(ref) || now - snapshot.touchedAt < graceMs
        if (isKept && now - snapshot.madeAt <= retentionMs) continue
        removed += 1
        bytes += drop(ref, snapshot)
        onRemoved(ref)
      }
      return { removed, bytes }
    },
    clear: () => {
      for (const each of [snapshots, uses, refsOf]) each.clear()
    },
  }
}

/** A refusal of a workspace in memory. */
export function refusal(code: keyof typeof workspaceErrorCodes, message: string): PortError<string> {
  return new PortError({ code: workspaceErrorCodes[code], message })
}
