import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs'
import type { WorkspaceQuota } from '@belay/core/ports'
import { HeldDirectory } from './held-directory.ts'
import {
  factsOf,
  hasFacts,
  isSettled,
  keptFolder,
  modeBits,
  type KeptEntry,
  type KeptFile,
  type KeptFolder,
} from './kept-tree.ts'
import { TimeSlices } from './time-slices.ts'
import { failedWith, fault, insidePath } from './workspace-fault.ts'

/** Each level takes a descriptor and a frame of the stack; trees of people and packages have a tenth of it. */
export const deepestTree = 256

/** How often an entry is looked at again that turned into something else meanwhile. */
const mostLooks = 10

/** What a scan is for. */
export interface ScanRequest {
  /** A folder of the host. */
  readonly root: string
  /** The tree as the last snapshot saw it; what is unchanged is taken from there. */
  readonly before: KeptFolder | undefined
  readonly quota: WorkspaceQuota
  readonly signal: AbortSignal | undefined
}

/** Looks at the facts of every entry, reads no file, follows no link. Throws `workspace/quota` and `workspace/tree`. */
export async function scanTree(request: ScanRequest): Promise<KeptFolder> {
  const held = HeldDirectory.open(request.root)
  try {
    return await new TreeScan(request).folder(held, { path: '', mode: 0, depth: 1, before: request.before })
  } finally {
    held.release()
  }
}

/** A folder on the way. */
interface ScannedPlace {
  /** Relative to the root, with a slash at its end unless it is the root. */
  readonly path: string
  readonly mode: number
  readonly depth: number
  readonly before: KeptFolder | undefined
}

class TreeScan {
  readonly #quota: QuotaCount
  readonly #slices: TimeSlices

  constructor({ quota, signal }: ScanRequest) {
    this.#quota = new QuotaCount(quota)
    this.#slices = new TimeSlices(signal)
  }

  async folder(held: HeldDirectory, { path, mode, depth, before }: ScannedPlace): Promise<KeptFolder> {
    const folder = keptFolder(mode, before)
    let isSame = before !== undefined && before.mode === mode
    for (const name of this.#names(held, path)) {
      const was = before?.entries.get(name)
      let entry = readable(`${path}${name}`, () => this.#entry(held, name, path, was))
      if (entry === 'folder') entry = await this.#child(held, name, { path, mode: 0, depth, before }, was)
      if (this.#slices.isOver) await this.#slices.pause()
      if (entry === undefined) continue
      folder.entries.set(name, entry)
      if (entry !== was) isSame = false
      addTotals(folder, entry)
    }
    // One that is taken whole keeps its node, and costs nothing more.
    return isSame && before?.entries.size === folder.entries.size ? before : folder
  }

  async #child(
    held: HeldDirectory,
    name: string,
    place: ScannedPlace,
    was: KeptEntry | undefined,
  ): Promise<KeptEntry | undefined> {
    for (let look = 1; ; look++) {
      const stat = lstatSync(held.at(name), { throwIfNoEntry: false })
      if (stat === undefined) return undefined
      const path = `${place.path}${name}`
      if (place.depth >= deepestTree)
        throw treeFault('depth', path, `lies deeper than ${deepestTree} folders`)
      const child = readable(path, () => this.#openChild(held, name, look))
      if (child === undefined) continue
      try {
        const before = was?.kind === 'folder' ? was : undefined
        const depth = place.depth + 1
        return await this.folder(child, { path: `${path}/`, mode: stat.mode & modeBits, depth, before })
      } finally {
        child.release()
      }
    }
  }

  #openChild(held: HeldDirectory, name: string, look: number): HeldDirectory | undefined {
    try {
      return held.child(name)
    } catch (error) {
      if (look === mostLooks || !failedWith(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error
      return undefined
    }
  }

  #entry(
    held: HeldDirectory,
    name: string,
    path: string,
    was: KeptEntry | undefined,
  ): KeptEntry | 'folder' | undefined {
    const stat = lstatSync(held.at(name), { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    if (stat.isFile()) return this.#file(stat, `${path}${name}`, was)
    if (stat.isDirectory()) {
      this.#quota.folder()
      return 'folder'
    }
    if (!stat.isSymbolicLink())
      throw treeFault('special', `${path}${name}`, 'is a socket, a FIFO or a device')
    this.#quota.entry(0, `${path}${name}`)
    return linkOf(held, name, was)
  }

  #file(stat: Stats, path: string, was: KeptEntry | undefined): KeptFile {
    this.#quota.entry(stat.size, path)
    if (was?.kind === 'file' && hasFacts(was.facts, stat) && isSettled(was)) return was
    const hashBefore = was?.kind === 'file' ? was.hash : undefined
    const facts = factsOf(stat)
    const mode = stat.mode & modeBits
    return { kind: 'file', mode, size: stat.size, hash: undefined, facts, readAt: 0, hashBefore }
  }

  /** Names as text; bytes that are not UTF-8 would come back as other names. */
  #names(held: HeldDirectory, path: string): readonly string[] {
    const names = readdirSync(held.path)
    if (!names.some((name) => name.includes('\u{FFFD}'))) return names
    return readdirSync(held.path, { encoding: 'buffer' }).map((bytes) => {
      const name = bytes.toString('utf8')
      if (Buffer.from(name).equals(bytes)) return name
      throw treeFault('name', `${path}${name}`, 'has a name that is not UTF-8')
    })
  }
}

/** A link that became something else meanwhile is left to the next snapshot. */
function linkOf(held: HeldDirectory, name: string, was: KeptEntry | undefined): KeptEntry | undefined {
  try {
    const target = readlinkSync(held.at(name), { encoding: 'buffer' })
    return was?.kind === 'link' && was.target.equals(target) ? was : { kind: 'link', target }
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'EINVAL')) return undefined
    throw error
  }
}

/** Adds what an entry holds to its folder. */
export function addTotals(folder: KeptFolder, entry: KeptEntry): void {
  if (entry.kind === 'link') return
  const isFile = entry.kind === 'file'
  folder.files += isFile ? 1 : entry.files
  folder.bytes += isFile ? entry.size : entry.bytes
  if (isFile) folder.unread += entry.hash === undefined ? 1 : 0
  else folder.unread += entry.hash === undefined ? entry.unread : 0
}

/** What its owner took every right from is kept only by who needs none; for all others it is part of what was written. */
function readable<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw failedWith(error, 'EACCES') ? unreadableFault(path) : error
  }
}

export const unreadableFault = (path: string): Error =>
  treeFault(
    'unreadable',
    path,
    'has a mode, or lies in a folder with one, that keeps its owner from reading it,',
  )

function treeFault(reason: 'depth' | 'name' | 'special' | 'unreadable', path: string, what: string): Error {
  const inside = insidePath(path)
  const meta = { reason, path: inside }
  return fault('tree', `${JSON.stringify(inside)} ${what} and cannot be kept. Remove it from the tree.`, meta)
}

/** Folders are no files of a quota, and still take room: ten times what the largest repositories have. */
const mostFolders = 200_000

/** Sums up a tree and stops where it is too much. Links count as files, folders do not. */
export class QuotaCount {
  readonly #quota: WorkspaceQuota
  #files = 0
  #bytes = 0
  #folders = 0

  constructor(quota: WorkspaceQuota) {
    this.#quota = quota
  }

  folder(): void {
    if (++this.#folders > mostFolders) throw quotaFault('files', mostFolders, 'folders')
  }

  entry(size: number, path: string): void {
    const { bytes, files, fileBytes } = this.#quota
    this.#files++
    this.#bytes += size
    if (fileBytes !== undefined && size > fileBytes) {
      throw quotaFault('file_bytes', fileBytes, `bytes in ${JSON.stringify(insidePath(path))}`)
    }
    if (files !== undefined && this.#files > files) throw quotaFault('files', files, 'files')
    if (bytes !== undefined && this.#bytes > bytes) throw quotaFault('bytes', bytes, 'bytes')
  }
}

export function quotaFault(reason: 'bytes' | 'file_bytes' | 'files', limit: number, what: string): Error {
  return fault(
    'quota',
    `The tree holds more than the allowed ${limit} ${what}. Remove some, or raise the quota.`,
    {
      reason,
      limit,
    },
  )
}
