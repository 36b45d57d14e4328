import { createHash } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  localSnapshots,
  type LocalSnapshots,
  type SnapshotOptions,
} from '../../../src/workspace/local-snapshots.ts'

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

/** Everything that a snapshot keeps of a tree, as text: path, kind, mode, content. */
export function describeTree(root: string): readonly string[] {
  const lines: string[] = []
  const visit = (folder: Buffer, path: string): void => {
    for (const name of readdirSync(folder, { encoding: 'buffer' }).sort(Buffer.compare)) {
      const at = Buffer.concat([folder, Buffer.from('/'), name])
      const stat = lstatSync(at)
      const line = `${path}${name.toString('latin1')}`
      const mode = (stat.mode & 0o777).toString(8)
      if (stat.isDirectory()) {
        lines.push(`${line}/ ${mode}`)
        visit(at, `${line}/`)
      } else if (stat.isSymbolicLink()) {
        lines.push(`${line} -> ${readlinkSync(at, { encoding: 'buffer' }).toString('latin1')}`)
      } else if (stat.isFile()) {
        lines.push(`${line} ${mode} ${createHash('sha256').update(readFileSync(at)).digest('hex')}`)
      } else lines.push(`${line} special`)
    }
  }
  visit(Buffer.from(root), '')
  return lines
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
