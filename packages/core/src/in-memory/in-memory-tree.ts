import { sandboxPathError } from '../ports/sandbox-path-error.ts'

/** A file. It is replaced and never changed, so that trees can share it. */
export interface TreeFile {
  readonly kind: 'file'
  readonly bytes: Uint8Array
  readonly mode: number
  readonly modifiedAt: number
}

/** A directory of one tree. */
export interface TreeDirectory {
  readonly kind: 'directory'
  readonly entries: Map<string, TreeNode>
  modifiedAt: number
}

/** What can be in a tree: there are no links and nothing special. */
export type TreeNode = TreeFile | TreeDirectory

/** A file with its path below the place where a walk began. */
export interface WalkedFile {
  readonly path: string
  readonly file: TreeFile
}

/** A file tree in memory, with what is counted of it. */
export interface Tree {
  readonly root: TreeDirectory
  files: number
  bytes: number
  /** Grows with every change. */
  version: number
}

export function emptyTree(now: number): Tree {
  return { root: emptyDirectory(now), files: 0, bytes: 0, version: 0 }
}

export function emptyDirectory(now: number): TreeDirectory {
  return { kind: 'directory', entries: new Map(), modifiedAt: now }
}

/** The same files in directories of its own. */
export function copyTree(tree: Tree): Tree {
  return { ...tree, root: copyDirectory(tree.root) }
}

function copyDirectory(directory: TreeDirectory): TreeDirectory {
  const entries = new Map<string, TreeNode>()
  for (const [name, node] of directory.entries) {
    entries.set(name, node.kind === 'file' ? node : copyDirectory(node))
  }
  return { ...directory, entries }
}

/** What is at a place; a path through a file is refused. */
export function nodeAt(root: TreeDirectory, parts: readonly string[], path: string): TreeNode | undefined {
  let node: TreeNode | undefined = root
  for (const part of parts) {
    if (node === undefined) return undefined
    if (node.kind === 'file') throw sandboxPathError(path, 'not_a_directory')
    node = node.entries.get(part)
  }
  return node
}

/** Puts a file at a place that `nodeAt` has found fit, and makes the directories on the way. */
export function putFile(tree: Tree, parts: readonly string[], file: TreeFile): void {
  let directory = tree.root
  for (const part of parts.slice(0, -1)) {
    let next = directory.entries.get(part)
    if (next?.kind !== 'directory') {
      next = emptyDirectory(file.modifiedAt)
      directory.entries.set(part, next)
      directory.modifiedAt = file.modifiedAt
    }
    directory = next
  }
  const name = parts.at(-1) ?? ''
  const before = directory.entries.get(name)
  if (before === undefined) directory.modifiedAt = file.modifiedAt
  directory.entries.set(name, file)
  tree.files += before === undefined ? 1 : 0
  tree.bytes += file.bytes.length - (before?.kind === 'file' ? before.bytes.length : 0)
  tree.version += 1
}

/** Takes away what is at a place; the root itself is emptied. Whether there was something. */
export function removeNode(tree: Tree, parts: readonly string[], path: string, now: number): boolean {
  const parent = nodeAt(tree.root, parts.slice(0, -1), path)
  if (parent?.kind === 'file') throw sandboxPathError(path, 'not_a_directory')
  const name = parts.at(-1)
  const gone = name === undefined ? tree.root : parent?.entries.get(name)
  if (parent === undefined || gone === undefined) return false
  const files = gone.kind === 'file' ? [gone] : [...walkFiles(gone)].map(({ file }) => file)
  const isSomething = name !== undefined || parent.entries.size > 0
  if (name === undefined) parent.entries.clear()
  else parent.entries.delete(name)
  parent.modifiedAt = now
  tree.files -= files.length
  tree.bytes -= files.reduce((sum, file) => sum + file.bytes.length, 0)
  tree.version += 1
  return isSomething
}

/**
 * Files below a directory in the order of their whole paths: a directory is compared with its slash, because `a-b`
 * comes before what is in `a`.
 */
export function* walkFiles(
  directory: TreeDirectory,
  options: { readonly enters?: (path: string) => boolean; readonly prefix?: string } = {},
): Generator<WalkedFile> {
  const { prefix = '', enters } = options
  for (const name of sortedNames(directory)) {
    const isDirectory = name.endsWith('/')
    const path = prefix + (isDirectory ? name.slice(0, -1) : name)
    const node = directory.entries.get(isDirectory ? name.slice(0, -1) : name)
    if (node?.kind === 'file') yield { path, file: node }
    else if (node !== undefined && enters?.(path) !== false) {
      yield* walkFiles(node, { ...options, prefix: `${path}/` })
    }
  }
}

function sortedNames(directory: TreeDirectory): string[] {
  return [...directory.entries].map(([name, { kind }]) => (kind === 'file' ? name : `${name}/`)).sort()
}
