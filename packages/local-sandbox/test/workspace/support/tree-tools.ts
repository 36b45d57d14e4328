import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  localSnapshots,
  type LocalSnapshots,
  type SnapshotOptions,
} from '../../../src/workspace/local-snapshots.ts'

export { describeTree } from './tree-text.ts'

/** A fresh folder that goes with the test. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'belay-workspace-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Workspaces that are closed with the test. */
export function snapshots(options: Partial<SnapshotOptions> = {}): LocalSnapshots {
  const made = localSnapshots({ root: options.root ?? tempFolder(), ...options })
  onTestFinished(() => made.workspace.close())
  return made
}

/** The same workspaces by short names: each call of `next` is an operation of one run. */
export function runOf(local: LocalSnapshots, runId = 'run') {
  let count = 0
  const operation = (key = `${runId}-${process.pid}-${Math.random()}-${count++}`) => ({
    operation: key,
    runId,
    sessionId: 'session',
  })
  const { workspace } = local
  const treeOf = (handle: string): string => {
    const tree = local.treeOf(handle)
    if (tree === undefined) throw new Error('The workspace is not open')
    return tree
  }
  return {
    operation,
    treeOf,
    open: async (key?: string) => {
      const opened = await workspace.open(operation(key))
      return { ...opened, tree: treeOf(opened.handle) }
    },
    snapshot: (handle: string, key?: string) => workspace.snapshot({ ...operation(key), handle }),
    restore: async (ref: string, key?: string) => {
      const opened = await workspace.restore({ ...operation(key), ref })
      return { ...opened, tree: treeOf(opened.handle) }
    },
    abort: (key?: string) => workspace.abort(operation(key)),
  }
}

/** A folder of the host with exactly this mode. */
export function makeFolder(path: string, mode = 0o755): void {
  mkdirSync(path, { recursive: true })
  chmodSync(path, mode)
}

/** All files below a folder. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
