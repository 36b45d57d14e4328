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
}

/** Where snapshots are kept. */
export interface SnapshotShelf {
  /** Keeps a copy of the tree; what was there already is only touched. */
  keep(tree: Tree): { readonly ref: string; readonly writtenBytes: number }
  /** A copy of a kept tree. Throws `workspace/invalid-ref`, `workspace/missing`, `workspace/expired`. */
  take(ref: string): Tree
  /** Whether there was something to touch. */
  touch(ref: string): boolean
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

  function drop(ref: string, { contents }: Snapshot): number {
    snapshots.delete(ref)
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
    keep: (tree) => {
      const contents = new Map<string, number>()
      const text = linesOf(tree.root, contents).join('\n')
      const ref = `in-memory:${createHash('sha256').update(text).digest('hex')}`
      const now = clock()
      if (touch(ref)) return { ref, writtenBytes: 0 }
      let writtenBytes = 0
      for (const [hash, size] of contents) {
        const used = uses.get(hash) ?? 0
        if (used === 0) writtenBytes += size
        uses.set(hash, used + 1)
      }
      snapshots.set(ref, { tree: copyTree(tree), contents, madeAt: now, touchedAt: now })
      return { ref, writtenBytes }
    },
    take: (ref) => {
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
      return copyTree(snapshot.tree)
    },
    touch,
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
      snapshots.clear()
      uses.clear()
    },
  }
}

/** A refusal of a workspace in memory. */
export function refusal(code: keyof typeof workspaceErrorCodes, message: string): PortError<string> {
  return new PortError({ code: workspaceErrorCodes[code], message })
}
