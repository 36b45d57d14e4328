import { createHash, hash } from 'node:crypto'
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import type { WorkspaceQuota } from '@belay/core/ports'
import type { ContentStore } from './content-store.ts'
import { DirtyFolders, finish } from './durable-file.ts'
import { HeldDirectory } from './held-directory.ts'
import { factsOf, modeBits, type KeptFile, type KeptFolder } from './kept-tree.ts'
import { removeFile, type ProcessFolder } from './process-folder.ts'
import { TaskPool, taskLimit } from './task-pool.ts'
import { TimeSlices } from './time-slices.ts'
import { touchTime } from './touch-time.ts'
import { encodeFolder } from './tree-node.ts'
import { addTotals, quotaFault, unreadableFault } from './tree-scan.ts'
import { failedWith } from './workspace-fault.ts'

const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

/** Up to here a file is read at once; larger ones go through in pieces. */
export const largestPiece = 1_048_576

/** The tree is not what the scan saw: look again. */
export class TreeMoved extends Error {}

/** What storing needs. */
export interface StoringParts {
  readonly process: ProcessFolder
  readonly objects: ContentStore
  readonly trees: ContentStore
  readonly quota: WorkspaceQuota
  readonly signal: AbortSignal | undefined
}

/** Stores what a scan found changed, files and then nodes; everything is durable when it resolves. The bytes written. */
export async function storeTree(parts: StoringParts, root: string, tree: KeptFolder): Promise<number> {
  if (tree.hash !== undefined) return 0
  const storing = new TreeStoring(parts)
  try {
    if (tree.unread > 0) await storing.readFrom(root, tree)
    await storing.writeNodes(tree)
    const { bytes } = parts.quota
    if (bytes !== undefined && tree.bytes > bytes) throw quotaFault('bytes', bytes, 'bytes')
    return await storing.end()
  } catch (error) {
    await storing.settle()
    throw error
  }
}

class TreeStoring {
  readonly #parts: StoringParts
  readonly #pool = new TaskPool(taskLimit)
  readonly #dirty = new DirtyFolders()
  readonly #slices: TimeSlices
  #written = 0

  constructor(parts: StoringParts) {
    this.#parts = parts
    this.#slices = new TimeSlices(parts.signal)
  }

  async readFrom(root: string, tree: KeptFolder): Promise<void> {
    const held = HeldDirectory.open(root)
    try {
      await this.#readFolder(held, tree, '')
    } finally {
      held.release()
    }
    await this.#pool.drain()
  }

  settle(): Promise<void> {
    return this.#pool.settle()
  }

  async end(): Promise<number> {
    await this.#pool.drain()
    this.#parts.signal?.throwIfAborted()
    await this.#dirty.sync()
    return this.#written
  }

  async #readFolder(held: HeldDirectory, folder: KeptFolder, path: string): Promise<void> {
    for (const [name, entry] of folder.entries) {
      if (entry.kind === 'file' && entry.hash === undefined) {
        await this.#pool.add(() =>
          this.#readFile(held.retain(), name, { folder, file: entry, path: `${path}${name}` }),
        )
        this.#parts.signal?.throwIfAborted()
      }
      if (entry.kind !== 'folder' || entry.hash !== undefined || entry.unread === 0) continue
      const child = movedWhen(() => held.child(name))
      try {
        await this.#readFolder(child, entry, `${path}${name}/`)
      } finally {
        child.release()
      }
    }
  }

  /** A file that is gone meanwhile is no part of the tree. */
  async #readFile(
    held: HeldDirectory,
    name: string,
    { folder, file, path }: { readonly folder: KeptFolder; readonly file: KeptFile; readonly path: string },
  ): Promise<void> {
    const readAt = Date.now()
    let handle: FileHandle
    try {
      handle = await open(held.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    } catch (error) {
      if (failedWith(error, 'ENOENT')) return void folder.entries.delete(name)
      if (failedWith(error, 'EACCES')) throw unreadableFault(path)
      throw failedWith(error, 'ELOOP', 'ENXIO') ? new TreeMoved() : error
    } finally {
      held.release()
    }
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) throw new TreeMoved()
      Object.assign(file, { facts: factsOf(stat), mode: stat.mode & modeBits, readAt })
      if (stat.size <= largestPiece) await this.#storeSmall(handle, file)
      else await this.#storeLarge(handle, file)
    } finally {
      await handle.close()
    }
  }

  async #storeSmall(handle: FileHandle, file: KeptFile): Promise<void> {
    const buffer = Buffer.allocUnsafe(file.facts.size + 1)
    let size = 0
    while (size < buffer.length) {
      const { bytesRead } = await handle.read(buffer, size, buffer.length - size, size)
      if (bytesRead === 0) break
      size += bytesRead
    }
    // It grew while it was read.
    if (size === buffer.length) return this.#storeLarge(handle, file)
    const bytes = buffer.subarray(0, size)
    file.size = size
    file.hash = hash('sha256', bytes, 'hex')
    // The snapshot before holds it, and the workspace holds that snapshot.
    if (file.hash === file.hashBefore) return undefined
    const written = await this.#parts.objects.put(file.hash, bytes, this.#dirty)
    this.#written += written
    return undefined
  }

  /** Reads twice when it has to write: a large file that is stored already costs no writing. */
  async #storeLarge(handle: FileHandle, file: KeptFile): Promise<void> {
    const known = await this.#passThrough(handle)
    Object.assign(file, known)
    if (known.hash === file.hashBefore) return
    if (await this.#parts.objects.touch(known.hash, known.size, this.#dirty)) return
    const temp = this.#parts.process.temp()
    const output = await open(temp, 'wx', 0o600)
    try {
      Object.assign(file, await this.#passThrough(handle, output))
      await finish(output, touchTime())
    } catch (error) {
      await removeFile(temp)
      throw error
    } finally {
      await output.close()
    }
    await this.#parts.objects.adopt(file.hash as string, temp, this.#dirty)
    this.#written += file.size
  }

  async #passThrough(handle: FileHandle, output?: FileHandle): Promise<{ hash: string; size: number }> {
    const { fileBytes = Infinity } = this.#parts.quota
    const digest = createHash('sha256')
    const buffer = Buffer.allocUnsafe(largestPiece)
    let size = 0
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, size)
      if (bytesRead === 0) return { hash: digest.digest('hex'), size }
      size += bytesRead
      if (size > fileBytes) throw quotaFault('file_bytes', fileBytes, 'bytes in one file')
      digest.update(buffer.subarray(0, bytesRead))
      await output?.writeFile(buffer.subarray(0, bytesRead))
      this.#parts.signal?.throwIfAborted()
    }
  }

  /** Children first: a node names them by their hashes. */
  async writeNodes(folder: KeptFolder): Promise<void> {
    for (const entry of folder.entries.values()) {
      if (entry.kind === 'folder' && entry.hash === undefined) await this.writeNodes(entry)
    }
    countAgain(folder)
    const nodes = new Set<string>()
    for (const { hash: name, bytes } of encodeFolder(folder.entries)) {
      nodes.add(name)
      folder.hash = name
      if (!folder.before?.nodes.has(name)) await this.#putNode(name, bytes)
      if (this.#slices.isOver) await this.#slices.pause()
    }
    folder.nodes = nodes
    folder.before = undefined
  }

  async #putNode(name: string, bytes: Buffer): Promise<void> {
    await this.#pool.add(async () => {
      const written = await this.#parts.trees.put(name, bytes, this.#dirty)
      this.#written += written
    })
  }
}

/** Sizes are those that were read, which may be others than the scan saw. */
function countAgain(folder: KeptFolder): void {
  Object.assign(folder, { files: 0, bytes: 0, unread: 0 })
  for (const entry of folder.entries.values()) addTotals(folder, entry)
}

function movedWhen<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw failedWith(error, 'EACCES', 'ENOENT', 'ENOTDIR', 'ELOOP') ? new TreeMoved() : error
  }
}
