import { createHash, hash } from 'node:crypto'
import { constants, mkdirSync, symlinkSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { copyFile, open } from 'node:fs/promises'
import type { ContentStore } from './content-store.ts'
import { HeldDirectory } from './held-directory.ts'
import { factsOf, keptFolder, modeBits, type KeptFile, type KeptFolder } from './kept-tree.ts'
import { loadFolder } from './node-loading.ts'
import { TaskPool, taskLimit } from './task-pool.ts'
import { TimeSlices } from './time-slices.ts'
import type { NodeEntry } from './tree-node.ts'
import { addTotals, deepestTree } from './tree-scan.ts'
import { largestPiece } from './tree-storing.ts'
import { fault } from './workspace-fault.ts'

const { COPYFILE_EXCL, COPYFILE_FICLONE, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants

/** What building needs. */
export interface BuildingParts {
  readonly objects: ContentStore
  readonly trees: ContentStore
  readonly signal: AbortSignal | undefined
}

/** A file entry of a node. */
type FileEntry = Extract<NodeEntry, { kind: 'file' }>

/**
 * Builds the tree of a node in a folder that is empty and nobody else's yet. Every content is checked on its way. The
 * tree as the next snapshot compares it, so that what was restored need not be read. Throws `workspace/corrupt`.
 */
export async function buildTree(parts: BuildingParts, root: string, node: string): Promise<KeptFolder> {
  const building = new TreeBuilding(parts)
  const held = HeldDirectory.open(root)
  let tree: KeptFolder
  try {
    tree = await building.folder(held, { mode: 0, hash: node, depth: 1 })
  } finally {
    held.release()
    await building.settle()
  }
  await building.drain()
  building.finish()
  return tree
}

class TreeBuilding {
  readonly #parts: BuildingParts
  readonly #pool = new TaskPool(taskLimit)
  readonly #slices: TimeSlices
  readonly #files: KeptFile[] = []

  constructor(parts: BuildingParts) {
    this.#parts = parts
    this.#slices = new TimeSlices(parts.signal)
  }

  settle(): Promise<void> {
    return this.#pool.settle()
  }

  drain(): Promise<void> {
    return this.#pool.drain()
  }

  /** Until now nobody else could write to these files, so what they hold is what was checked. */
  finish(): void {
    const now = Date.now()
    for (const file of this.#files) file.readAt = now
  }

  async folder(
    held: HeldDirectory,
    { mode, hash: node, depth }: { readonly mode: number; readonly hash: string; readonly depth: number },
  ): Promise<KeptFolder> {
    if (depth > deepestTree) throw fault('corrupt', 'A snapshot is deeper than any that is kept')
    const { entries, nodes } = await loadFolder(this.#parts.trees, node)
    const folder = keptFolder(mode)
    folder.hash = node
    folder.nodes = nodes
    for (const [name, entry] of entries) {
      if (entry.kind === 'link') {
        symlinkSync(entry.target, held.at(name))
        folder.entries.set(name, entry)
      } else if (entry.kind === 'file') {
        folder.entries.set(name, await this.#addFile(held, name, entry))
      } else {
        const child = this.#makeFolder(held, name, entry.mode)
        try {
          const place = { mode: entry.mode, hash: entry.hash, depth: depth + 1 }
          folder.entries.set(name, await this.folder(child, place))
        } finally {
          child.release()
        }
      }
      if (this.#slices.isOver) await this.#slices.pause()
    }
    for (const entry of folder.entries.values()) addTotals(folder, entry)
    return folder
  }

  #makeFolder(held: HeldDirectory, name: string, mode: number): HeldDirectory {
    mkdirSync(held.at(name), { mode: 0o700 })
    const child = held.child(name)
    child.modeAtEnd = mode & modeBits
    return child
  }

  async #addFile(held: HeldDirectory, name: string, entry: FileEntry): Promise<KeptFile> {
    const { mode, size } = entry
    const facts = { dev: 0, ino: 0, mode: 0, size, mtimeMs: 0, ctimeMs: 0 }
    const file: KeptFile = {
      kind: 'file',
      mode,
      size,
      hash: entry.hash,
      facts,
      readAt: 0,
      hashBefore: undefined,
    }
    this.#files.push(file)
    await this.#pool.add(async () => {
      held.retain()
      try {
        file.facts = await this.#writeFile(held.at(name), entry)
      } finally {
        held.release()
      }
    })
    return file
  }

  async #writeFile(path: string, entry: FileEntry): Promise<KeptFile['facts']> {
    const object = await this.#parts.objects.open(entry.hash)
    if (object === undefined) throw damaged()
    try {
      const { size } = await object.stat()
      if (size !== entry.size) throw damaged()
      const write = size <= largestPiece ? writeSmall : copyLarge
      return await write(object, path, entry)
    } finally {
      await object.close()
    }
  }
}

async function writeSmall(object: FileHandle, path: string, entry: FileEntry): Promise<KeptFile['facts']> {
  const bytes = await object.readFile()
  if (hash('sha256', bytes, 'hex') !== entry.hash) throw damaged()
  const output = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, entry.mode & modeBits)
  try {
    await output.writeFile(bytes)
    return await settleMode(output, entry.mode)
  } finally {
    await output.close()
  }
}

/** Where the file system can, the copy shares its blocks with the object until one of them is written. */
async function copyLarge(object: FileHandle, path: string, entry: FileEntry): Promise<KeptFile['facts']> {
  await copyFile(`/proc/self/fd/${object.fd}`, path, COPYFILE_EXCL | COPYFILE_FICLONE)
  const output = await open(path, O_RDONLY | O_NOFOLLOW)
  try {
    const digest = createHash('sha256')
    const buffer = Buffer.allocUnsafe(largestPiece)
    for (let size = 0; ;) {
      const { bytesRead } = await output.read(buffer, 0, buffer.length, size)
      if (bytesRead === 0) break
      digest.update(buffer.subarray(0, bytesRead))
      size += bytesRead
    }
    if (digest.digest('hex') !== entry.hash) throw damaged()
    return await settleMode(output, entry.mode)
  } finally {
    await output.close()
  }
}

/** The mask of this process takes bits from a mode that a file is made with. */
async function settleMode(output: FileHandle, mode: number): Promise<KeptFile['facts']> {
  const stat = await output.stat()
  if ((stat.mode & modeBits) === mode) return factsOf(stat)
  await output.chmod(mode)
  return factsOf(await output.stat())
}

const damaged = (): Error =>
  fault(
    'corrupt',
    'A file of a snapshot is not what was stored. Restore an older snapshot, and check the disk of the root.',
  )
