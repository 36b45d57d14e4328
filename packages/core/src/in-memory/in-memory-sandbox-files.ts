import { nodePlatform } from '../platform/node-platform.ts'
import { PortError, sandboxErrorCodes } from '../ports/errors.ts'
import { compileGlob } from '../ports/glob-pattern.ts'
import { searchLines, type SearchedFile } from '../ports/line-search.ts'
import { replaceInBytes } from '../ports/literal-edit.ts'
import { optionWithin, sandboxBounds } from '../ports/sandbox-bounds.ts'
import type { GrepOptions, SandboxFiles } from '../ports/sandbox.ts'
import { checkMount, checkSandboxPath, type SandboxPath } from '../ports/sandbox-path.ts'
import { sandboxPathError } from '../ports/sandbox-path-error.ts'
import type { WorkspaceQuota } from '../ports/workspace.ts'
import { emptyTree, nodeAt, putFile, removeNode, walkFiles } from './in-memory-tree.ts'
import type { Tree, TreeDirectory, TreeFile, TreeNode, WalkedFile } from './in-memory-tree.ts'

/** What the files of one sandbox are made from. */
export interface FilePlace {
  readonly workspace: Tree
  readonly quota: WorkspaceQuota
  readonly clock: () => number
  readonly isClosed: () => boolean
}

/** A deadline for a thread is one of the machine's clock, whatever clock the files have. */
const { timer } = nodePlatform()

/** The file calls of a sandbox in memory. */
export function inMemorySandboxFiles({ workspace, quota, clock, isClosed }: FilePlace): SandboxFiles {
  const skills = new Map<string, Tree>()

  function begin(options: { readonly signal?: AbortSignal } = {}): void {
    if (isClosed()) throw closedError()
    options.signal?.throwIfAborted()
  }

  function find(at: SandboxPath): TreeNode | undefined {
    const tree = at.place === 'workspace' ? workspace : skills.get(at.skill ?? '')
    return tree && nodeAt(tree.root, at.parts, at.path)
  }

  function findFile(path: string): TreeFile | undefined {
    const node = find(checkSandboxPath(path))
    if (node?.kind === 'directory') throw sandboxPathError(path, 'not_a_file')
    return node
  }

  function findDirectory(path: string): TreeDirectory | undefined {
    const node = find(checkSandboxPath(path))
    if (node?.kind === 'file') throw sandboxPathError(path, 'not_a_directory')
    return node
  }

  /** A place where a file may be put, and the file that it would replace. */
  function writable(path: string): {
    readonly parts: readonly string[]
    readonly before: TreeFile | undefined
  } {
    const at = checkSandboxPath(path)
    if (at.place !== 'workspace') throw sandboxPathError(path, 'read_only')
    return { parts: at.parts, before: findFile(path) }
  }

  function put(path: string, bytes: Uint8Array, mode?: number): void {
    const { parts, before } = writable(path)
    requireRoom(workspace, quota, bytes.length, before)
    const file: TreeFile = {
      kind: 'file',
      bytes,
      mode: mode ?? before?.mode ?? sandboxBounds.fileMode.usual,
      modifiedAt: clock(),
    }
    putFile(workspace, parts, file)
  }

  function* searched(pattern: string, { path = '/workspace', glob }: GrepOptions): Generator<WalkedFile> {
    const node = find(checkSandboxPath(path))
    const matcher = glob === undefined ? undefined : compileGlob(glob)
    if (node?.kind === 'file') {
      const name = path.slice(path.lastIndexOf('/') + 1)
      if (matcher?.matches(name) !== false) yield { path, file: node }
    } else if (node !== undefined) {
      for (const { path: below, file } of walkFiles(node, matcher && { enters: matcher.canMatchBelow })) {
        if (matcher?.matches(below) !== false) yield { path: `${path}/${below}`, file }
      }
    }
  }

  return {
    read: async (path, options = {}) => {
      begin(options)
      const offset = optionWithin('offset', options.offset, sandboxBounds.readOffset)
      const limit = optionWithin('limit', options.limit, sandboxBounds.readLimit)
      const bytes = findFile(path)?.bytes
      if (bytes === undefined) return undefined
      const part = bytes.slice(offset, offset + limit)
      return { bytes: part, size: bytes.length, truncated: offset + part.length < bytes.length }
    },
    write: async (path, bytes, options = {}) => {
      begin(options)
      if (!(bytes instanceof Uint8Array)) throw new TypeError('The content of a file has to be a Uint8Array.')
      const mode =
        options.mode === undefined ? undefined : optionWithin('mode', options.mode, sandboxBounds.fileMode)
      put(path, Uint8Array.from(bytes), mode)
    },
    edit: async (path, edit, options) => {
      begin(options)
      const { bytes, replacements } = replaceInBytes(writable(path).before?.bytes, edit)
      put(path, bytes)
      return { replacements }
    },
    list: async (path, options = {}) => {
      begin(options)
      const limit = optionWithin('limit', options.limit, sandboxBounds.listLimit)
      const directory = findDirectory(path)
      if (directory === undefined) return undefined
      const names = [...directory.entries.keys()].sort()
      const entries = names.slice(0, limit).map((name) => {
        const node = directory.entries.get(name)
        return node?.kind === 'file'
          ? { name, kind: node.kind, size: node.bytes.length }
          : { name, kind: 'directory' as const, size: 0 }
      })
      return { entries, truncated: names.length > limit }
    },
    glob: async (pattern, options = {}) => {
      begin(options)
      const limit = optionWithin('limit', options.limit, sandboxBounds.globLimit)
      const { matches, canMatchBelow } = compileGlob(pattern)
      const base = options.path ?? '/workspace'
      const directory = findDirectory(base)
      const paths: string[] = []
      for (const { path } of directory === undefined ? [] : walkFiles(directory, { enters: canMatchBelow })) {
        if (!matches(path)) continue
        if (paths.length === limit) return { paths, truncated: true }
        paths.push(`${base}/${path}`)
      }
      return { paths, truncated: false }
    },
    grep: async (pattern, options = {}) => {
      begin(options)
      async function* files(): AsyncGenerator<SearchedFile> {
        for (const { path, file } of found) yield { path, bytes: file.bytes }
      }
      const found = [...searched(pattern, options)]
      const result = await searchLines({ ...options, pattern, timer }, files())
      begin(options)
      return result
    },
    stat: async (path, options) => {
      begin(options)
      const node = find(checkSandboxPath(path))
      if (node === undefined) return undefined
      const { kind, modifiedAt } = node
      if (node.kind === 'directory') return { kind, size: 0, mode: 0o755, modifiedAt }
      return { kind, size: node.bytes.length, mode: node.mode, modifiedAt }
    },
    remove: async (path, options) => {
      begin(options)
      const { place, parts } = checkSandboxPath(path)
      if (place !== 'workspace') throw sandboxPathError(path, 'read_only')
      return removeNode(workspace, parts, path, clock())
    },
    mount: async (path, files, options) => {
      begin(options)
      const mounted = checkMount(path, files)
      const tree = emptyTree(clock())
      for (const { parts, bytes, executable } of mounted.files) {
        const mode = executable === true ? 0o555 : 0o444
        putFile(tree, parts, { kind: 'file', bytes: Uint8Array.from(bytes), mode, modifiedAt: clock() })
      }
      skills.set(mounted.skill, tree)
    },
  }
}

export function closedError(): PortError<'sandbox/closed'> {
  return new PortError({
    code: sandboxErrorCodes.closed,
    message: 'The sandbox is closed. Open another one.',
  })
}

/** Refuses a file that the quota has no room for, before anything changes. */
function requireRoom(tree: Tree, quota: WorkspaceQuota, size: number, before: TreeFile | undefined): void {
  const wanted = {
    file_bytes: [size, quota.fileBytes],
    files: [tree.files + (before === undefined ? 1 : 0), quota.files],
    bytes: [tree.bytes + size - (before?.bytes.length ?? 0), quota.bytes],
  } as const
  for (const [reason, [value, limit = Number.POSITIVE_INFINITY]] of Object.entries(wanted)) {
    if (value <= limit) continue
    throw new PortError({
      code: sandboxErrorCodes.limit,
      message: `The quota of this workspace is ${limit} (${reason}), and ${value} would be needed. Remove something.`,
      meta: { reason, limit },
    })
  }
}
